// The `restrict-ips` action: lets in by the client's address, which has to be in `allow` and must not be in `deny`.

import { compileCidrMap, lookupCidr } from "../../base/cidr-map.ts";
import { GatewayError } from "../../base/gateway-error.ts";
import { type Cidr, formatCidr, type Ip, parseCidr } from "../../base/ip.ts";
import type { Scope } from "../../cel/scope.ts";
import type { CelValue } from "../../cel/value.ts";
import type { PrefixSet, RestrictIpsPlan } from "../../plan/policy-plan.ts";
import type { Refusal } from "../limit/refusal.ts";
import type { Act } from "./decision.ts";
import { compileAny, type Interpolated } from "./interpolation.ts";

const DENIED: Refusal = { reason: "denied-policy", detail: "Its address is not let in" };

export function restrictIps({ enforce, allow, deny, allowTemplates, denyTemplates }: RestrictIpsPlan): Act {
  const allowed = listOf(allow, allowTemplates);
  const denied = listOf(deny, denyTemplates);
  return ({ scope, ip }) => {
    // Fail closed: an address that cannot be read is in no list of the allowed.
    const out = ip === undefined ? undefined : denied(ip, scope);
    const into = ip === undefined || out !== undefined ? undefined : allowed(ip, scope);
    const isIn = into !== undefined;
    const matched = out ?? into;
    scope.setAction("restrict_ips", {
      action: isIn ? "allow" : "deny",
      matched_cidr: matched === undefined ? "" : formatCidr(matched),
    });
    if (isIn) return null;
    return enforce ? { refusal: DENIED, verdict: "denied" } : "would-deny";
  };
}

/** The prefix that an address is in. */
function listOf(set: PrefixSet | undefined, templates: readonly string[]): (ip: Ip, scope: Scope) => Cidr | undefined {
  const texts = templates.map(compileAny);
  return (ip, scope) => {
    const found = set === undefined ? -1 : lookupCidr(set.map, ip);
    if (found !== -1) return set?.prefixes[found];
    for (const text of texts) {
      const prefixes = prefixesOf(text, scope);
      const prefix = lookupCidr(compileCidrMap(prefixes.map((cidr, value) => ({ cidr, value }))), ip);
      if (prefix !== -1) return prefixes[prefix];
    }
    return undefined;
  };
}

/** One prefix or a list of them. */
function prefixesOf(text: Interpolated<CelValue>, scope: Scope): readonly Cidr[] {
  const value = text(scope);
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
  return texts.map((each) => {
    const cidr = typeof each === "string" ? parseCidr(each) : undefined;
    if (cidr === undefined)
      throw new GatewayError("policy/bad-cidr", "An entry of restrict-ips did not come to an address");
    return cidr;
  });
}
