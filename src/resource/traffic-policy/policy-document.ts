// A traffic policy as a person writes it: its phases, their rules, and the form that it had before. All readers of what is inside
// are in the files beside this one.

import { isMap, quote } from "../rule.ts";
import { HTTP_ACTIONS } from "./http-actions.ts";
import { isTerminating, type PolicyRule, type TrafficPolicy } from "./policy.ts";
import { BAD_CONFIG, nearHint, type PolicyReading } from "./policy-reading.ts";
import { openEnd, PHASE } from "./policy-use.ts";
import { readPolicyRule } from "./rule-reader.ts";

const WRONG_PHASE = 2230;
const TOO_MANY_RULES = 2264;
const NOT_PARSED = 2236;
/** Every connection may have to go through all of them. */
const MAX_RULES = 1000;
/** Of rules that cannot be used, this many are looked at. */
const MAX_PEEKED = 100;
const HTTP_PHASES: readonly string[] = ["on_http_request", "on_http_response"];
const INBOUND = "inbound";
const OUTBOUND = "outbound";
const ENABLED = "enabled";

/** A policy, `undefined` when anything in it is refused. */
export function readPolicyDocument(value: unknown, reading: PolicyReading): TrafficPolicy | undefined {
  if (!isMap(value)) {
    const message = `Expected a traffic policy, a map with the key "${PHASE}", found ${quote(value)}`;
    return reading.refuse("wrong-type", NOT_PARSED, message);
  }
  const phases: string[] = [];
  let isGood = true;
  for (const [key, written] of Object.entries(value)) {
    if (key === PHASE || key === INBOUND) phases.push(key);
    else if (!readOther(key, written, reading)) isGood = false;
  }
  const [phase] = phases;
  if (phases.length > 1) {
    const message = `Cannot use "${INBOUND}" beside "${PHASE}": it is the same by its old name`;
    return reading.refuse("legacy-phase", WRONG_PHASE, message, {
      hint: `Write all rules under "${PHASE}"`,
      at: [INBOUND],
      part: "key",
    });
  }
  const rules = phase === undefined ? [] : readRules(value[phase], reading.at(phase));
  if (phase === INBOUND) {
    const message = `"${INBOUND}" is the old name of the phase "${PHASE}"`;
    reading.warn("legacy-phase", message, { hint: `Write "${PHASE}"`, at: [INBOUND], part: "key" });
  }
  if (!isGood || rules === undefined) return undefined;
  const policy = { rules: value[ENABLED] === false ? [] : rules };
  const open = reading.use.mustTerminate === true ? openEnd(policy) : undefined;
  if (open === undefined) return policy;
  return reading.refuse(open.code, open.error, open.message, { hint: open.hint });
}

/** Whether a key besides the phase can be there. */
function readOther(key: string, written: unknown, reading: PolicyReading): boolean {
  const at = { at: [key], part: "key" } as const;
  if (key === ENABLED && typeof written === "boolean") {
    const message = written
      ? `"${ENABLED}" has no effect`
      : `The policy is off: "${ENABLED}" is false, and no rule of it is used`;
    const hint = written ? "Leave it out: every policy is enabled" : "Leave the policy out where none is wanted";
    reading.warn("legacy-enabled", message, { hint, ...at });
    return true;
  }
  const isEmpty = written === null || written === undefined || (Array.isArray(written) && written.length === 0);
  if (key === OUTBOUND && isEmpty) {
    const message = `"${OUTBOUND}" has no effect: connections of TCP and TLS have one phase, "${PHASE}"`;
    reading.warn("legacy-phase", message, { hint: "Leave it out", ...at });
    return true;
  }
  if (key === ENABLED) {
    const message = `Expected true or false, found ${quote(written)}`;
    reading.refuse("wrong-type", BAD_CONFIG, message, { hint: "Leave it out: every policy is enabled", at: [key] });
  } else if (HTTP_PHASES.includes(key) || key === OUTBOUND) {
    const message = `${quote(key)} is for HTTP: connections of TCP and TLS have one phase, "${PHASE}"`;
    reading.refuse("wrong-phase", WRONG_PHASE, message, { hint: phaseHint(written), ...at });
  } else {
    reading.refuse("unknown-phase", WRONG_PHASE, `Unknown phase ${quote(key)}`, {
      hint: nearHint(key, [PHASE]),
      ...at,
    });
  }
  return false;
}

/** How the rules of another phase are to be written, by the actions in them. */
function phaseHint(written: unknown): string {
  const types = new Set<string>();
  for (const rule of Array.isArray(written) ? written.slice(0, MAX_PEEKED) : []) {
    const actions: unknown = isMap(rule) ? rule["actions"] : undefined;
    for (const action of Array.isArray(actions) ? actions.slice(0, MAX_PEEKED) : []) {
      const type: unknown = isMap(action) ? action["type"] : undefined;
      if (typeof type === "string" && HTTP_ACTIONS.has(type)) types.add(type);
    }
  }
  if (types.size === 0) return `Write the same rules under "${PHASE}"`;
  return `Write the rules under "${PHASE}", without what is for HTTP alone: ${Array.from(types).join(", ")}`;
}

function readRules(value: unknown, reading: PolicyReading): readonly PolicyRule[] | undefined {
  if (!Array.isArray(value)) {
    return reading.refuse("wrong-type", NOT_PARSED, `Expected a list of rules, found ${quote(value)}`);
  }
  if (value.length > MAX_RULES) {
    const message = `Expected at most ${MAX_RULES} rules, found ${value.length}`;
    return reading.refuse("long-list", TOO_MANY_RULES, message);
  }
  const rules: PolicyRule[] = [];
  let last: PolicyRule | undefined;
  for (const [index, item] of value.entries()) {
    const rule = readPolicyRule(item, index, reading.at(index));
    if (rule === undefined) continue;
    // Whoever shuts everything for a while must not have to take the rest away.
    if (last !== undefined) {
      const message = `No connection comes to this rule: all of them end in ${quote(last.name)}`;
      reading.warn("unreachable-rule", message, { at: [index] });
    } else if (rule.expressions.length === 0 && rule.actions.some(isTerminating)) last = rule;
    rules.push(rule);
  }
  return rules.length === value.length ? rules : undefined;
}
