// One rule of a policy: when it is for a connection, and what is done then.

import { quote } from "../rule.ts";
import { readAction } from "./action-reader.ts";
import { readExpression } from "./expression-reader.ts";
import { isTerminating, type PolicyAction, type PolicyRule } from "./policy.ts";
import { BAD_CONFIG, type PolicyReading, readItems, readKeys } from "./policy-reading.ts";

const NO_ACTION = 2206;
const UNREACHABLE = 2207;
const TOO_MANY = 2265;
/** Of each, in one rule: every connection may have to go through all of them. */
const MAX_EXPRESSIONS = 100;
const MAX_ACTIONS = 100;
const MAX_NAME_CHARS = 256;

/** The rule at an index, `undefined` when it is refused. */
export function readPolicyRule(value: unknown, index: number, reading: PolicyReading): PolicyRule | undefined {
  const keys = readKeys(value, ["name", "expressions", "actions"], BAD_CONFIG, reading);
  if (keys === undefined) return undefined;
  const name = readName(keys.get("name") ?? `rule ${index + 1}`, reading.at("name"));
  const expressions = keys.has("expressions")
    ? readExpressions(keys.get("expressions"), reading.at("expressions"))
    : [];
  const actions = keys.has("actions")
    ? readActions(keys.get("actions"), reading.at("actions"))
    : reading.refuse("missing-action", NO_ACTION, 'Expected "actions" in a rule, with at least one');
  if (name === undefined || expressions === undefined || actions === undefined) return undefined;
  return { name, expressions, actions };
}

function readName(value: unknown, reading: PolicyReading): string | undefined {
  if (typeof value === "string" && value.length <= MAX_NAME_CHARS) return value;
  const message = `Expected a name of at most ${MAX_NAME_CHARS} characters, found ${quote(value)}`;
  const hint = typeof value === "number" || typeof value === "boolean" ? `Write "${value}"` : undefined;
  return reading.refuse("bad-name", BAD_CONFIG, message, { hint });
}

function readExpressions(value: unknown, reading: PolicyReading): readonly string[] | undefined {
  const items = readItems(value, { max: MAX_EXPRESSIONS, tooMany: TOO_MANY, what: "expressions" }, reading);
  if (items === undefined) return undefined;
  const expressions: string[] = [];
  for (const [index, item] of items.entries()) {
    const expression = readExpression(item, "condition", reading.at(index));
    if (expression !== undefined) expressions.push(expression);
  }
  return expressions.length === items.length ? expressions : undefined;
}

function readActions(value: unknown, reading: PolicyReading): readonly PolicyAction[] | undefined {
  const items = readItems(value, { max: MAX_ACTIONS, tooMany: TOO_MANY, what: "actions" }, reading);
  if (items === undefined) return undefined;
  if (items.length === 0) {
    return reading.refuse("missing-action", NO_ACTION, "Expected at least one action in a rule, found an empty list");
  }
  const actions: PolicyAction[] = [];
  let ended: PolicyAction | undefined;
  for (const [index, item] of items.entries()) {
    const action = readAction(item, reading.at(index));
    if (ended !== undefined) refuseUnreachable(ended, reading.at(index));
    else if (action !== undefined && isTerminating(action)) ended = action;
    if (action !== undefined) actions.push(action);
  }
  return actions.length === items.length ? actions : undefined;
}

function refuseUnreachable({ type }: PolicyAction, reading: PolicyReading): void {
  const hint = type === "forward-internal" ? 'Write "on_error: continue" there for a second one' : "Leave it out";
  reading.refuse("unreachable-action", UNREACHABLE, `Nothing runs after the action "${type}" before this one`, {
    hint,
  });
}
