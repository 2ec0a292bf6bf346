// The actions of a policy, ready to be done: one function each, made once for each plan.

import { GatewayError } from "../../base/gateway-error.ts";
import { compileValue, isMistake } from "../../cel/expression.ts";
import type { Scope } from "../../cel/scope.ts";
import { type CelValue, toJson } from "../../cel/value.ts";
import type { PolicyActionPlan } from "../../plan/policy-plan.ts";
import type { ForwardInternal, LogAction, RateLimit, SetVars } from "../../resource/traffic-policy/policy.ts";
import { DENIED_POLICY, type Refusal } from "../limit/refusal.ts";
import type { Act } from "./decision.ts";
import { compileJson, compileText } from "./interpolation.ts";
import { restrictIps } from "./restrict-ips.ts";
import { SlidingWindows } from "./sliding-windows.ts";

const DENIED: Act = () => ({ refusal: DENIED_POLICY, verdict: "denied" });
const TOO_MANY: Refusal = { reason: "denied-rate" };
/** Beyond it keys of a rate limit are cut: nothing that tells clients apart is longer. */
const MAX_KEY_UNITS = 1_024;

/** `known`: the windows of rate limits as they were until now; those of this action are put into `windows`. */
export function compileAction(
  action: PolicyActionPlan,
  known: ReadonlyMap<string, SlidingWindows>,
  windows: Map<string, SlidingWindows>,
): Act {
  switch (action.type) {
    case "deny":
    case "close-connection":
      return DENIED;
    case "restrict-ips":
      return restrictIps(action);
    case "forward-internal":
      return forwardInternal(action);
    case "log":
      return log(action);
    case "set-vars":
      return setVars(action);
    case "rate-limit": {
      const { name, capacity, rateMs, bucketKeys } = action;
      const written = JSON.stringify([name, capacity, rateMs, bucketKeys]);
      // Two that say the same count by themselves.
      let id = written;
      for (let same = 1; windows.has(id); same++) id = `${written} ${same}`;
      const own = known.get(id) ?? new SlidingWindows(capacity, rateMs);
      windows.set(id, own);
      return rateLimit(action, own);
    }
  }
}

function forwardInternal({ url, onError }: ForwardInternal): Act {
  const text = compileText(url);
  return ({ scope }) => ({ forward: text(scope), goesOn: onError === "continue" });
}

function log({ metadata }: LogAction): Act {
  const parts = Object.entries(metadata).map(([key, value]) => [key, compileJson(value)] as const);
  return ({ scope, note }) => {
    note.log(Object.fromEntries(parts.map(([key, value]) => [key, toJson(value(scope))])));
    return null;
  };
}

/** Each may use those before it. */
function setVars({ vars }: SetVars): Act {
  const parts = vars.map(({ name, value }) => ({ name, value: compileJson(value) }));
  return ({ scope, note }) => {
    for (const { name, value } of parts) {
      const now = value(scope);
      scope.setVar(name, now);
      note.vars[name] = toJson(now);
    }
    return null;
  };
}

function rateLimit({ enforce, bucketKeys }: RateLimit, windows: SlidingWindows): Act {
  const keys = bucketKeys.map(compileKey);
  return ({ scope, nowMs }) => {
    const values = keys.map((key) => toJson(key(scope)));
    const key = JSON.stringify(values).slice(0, MAX_KEY_UNITS);
    const admitted = windows.admit(key, nowMs);
    scope.setAction("rate_limit", { bucket_key: key, limited: !admitted });
    if (admitted) return null;
    return enforce ? { refusal: TOO_MANY, verdict: "limited" } : "would-limit";
  };
}

function compileKey(source: string): (scope: Scope) => CelValue {
  const value = compileValue(source);
  if (isMistake(value)) throw new GatewayError("internal", `A key of a rate limit is no expression: ${value.message}`);
  return (scope) => value.evaluate(scope);
}
