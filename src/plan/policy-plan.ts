// A traffic policy as the data path needs it: sets of addresses compiled, everything else as it was validated. Expressions stay
// texts here, because a plan is plain data; the engine compiles each once.

import { type CidrMap, compileCidrMap } from "../base/cidr-map.ts";
import type { Cidr } from "../base/ip.ts";
import type {
  ForwardInternal,
  LogAction,
  PolicyAction,
  RateLimit,
  RestrictIps,
  SetVars,
  TrafficPolicy,
} from "../resource/traffic-policy/policy.ts";

export interface PolicyPlan {
  readonly rules: readonly PolicyRulePlan[];
}

export interface PolicyRulePlan {
  readonly name: string;
  readonly expressions: readonly string[];
  readonly actions: readonly PolicyActionPlan[];
}

export type PolicyActionPlan =
  | RestrictIpsPlan
  | { readonly type: "deny" }
  | { readonly type: "close-connection" }
  | ForwardInternal
  | LogAction
  | SetVars
  | RateLimit;

/** As `RestrictIps`; IPPolicies are among its sets already. */
export interface RestrictIpsPlan extends Pick<RestrictIps, "type" | "enforce" | "allowTemplates" | "denyTemplates"> {
  /** Absent: none was written. */
  readonly allow?: PrefixSet;
  readonly deny?: PrefixSet;
}

/** Prefixes, and which of them an address is in. */
export interface PrefixSet {
  /** Address → index into `prefixes`. */
  readonly map: CidrMap;
  readonly prefixes: readonly Cidr[];
}

/** Compiled before: thousands of prefixes are not sorted again at every load. */
export class PrefixSets {
  readonly #known = new WeakMap<readonly Cidr[], PrefixSet>();

  of(prefixes: readonly Cidr[]): PrefixSet {
    const known = this.#known.get(prefixes);
    if (known !== undefined) return known;
    const set = { map: compileCidrMap(prefixes.map((cidr, value) => ({ cidr, value }))), prefixes };
    this.#known.set(prefixes, set);
    return set;
  }
}

/** What is left to be done for each client; TLS that ends here has been seen to by then. */
export function compilePolicy({ rules }: TrafficPolicy, sets = new PrefixSets()): PolicyPlan {
  return {
    rules: rules.map(({ name, expressions, actions }) => ({
      name,
      expressions,
      actions: actions.flatMap((action) => compileAction(action, sets)),
    })),
  };
}

function compileAction(action: PolicyAction, sets: PrefixSets): readonly PolicyActionPlan[] {
  if (action.type === "terminate-tls") return [];
  if (action.type !== "restrict-ips") return [action];
  const { type, enforce, allow, deny, allowTemplates, denyTemplates, ipPolicies } = action;
  // Whoever knows them has put their addresses in their place: what is left is known to nobody.
  if (ipPolicies.length > 0) return [{ type: "deny" }];
  return [
    {
      type,
      enforce,
      ...(allow.length === 0 ? {} : { allow: sets.of(allow) }),
      ...(deny.length === 0 ? {} : { deny: sets.of(deny) }),
      allowTemplates,
      denyTemplates,
    },
  ];
}
