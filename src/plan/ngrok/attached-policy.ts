// The traffic policy of an endpoint: its own, or one that it names, with the IPPolicies that the policy names. What cannot be found, or
// must not be used here, leaves no policy at all: the endpoint lets nobody in then.

import type { Cidr } from "../../base/ip.ts";
import type { AnyManifest } from "../../resource/manifest/kinds.ts";
import { nameOf } from "../../resource/manifest/manifest.ts";
import type { PolicyAttachment } from "../../resource/manifest/ngrok.ts";
import type { ValuePath } from "../../resource/origin.ts";
import type { PolicyAction, RestrictIps, TrafficPolicy } from "../../resource/traffic-policy/policy.ts";
import { policyMisuses } from "../../resource/traffic-policy/policy-use.ts";
import type { PolicyUse } from "../../resource/traffic-policy/policy-reading.ts";
import type { Catalog } from "../gateway/catalog.ts";

/** What is wrong, and where in the document of whoever has the policy. */
export interface PolicyProblem {
  /** Without the area `policy/`. */
  readonly code: "unknown-policy" | "misused-policy" | "unknown-ip-policy" | "missing-allow";
  readonly message: string;
  readonly path: ValuePath;
}

/** Where a policy is written. */
export interface PolicySource {
  readonly object: AnyManifest;
  readonly path: ValuePath;
}

/** A policy that can be used, or why there is none. */
export type AttachedPolicy = { readonly policy: TrafficPolicy } | { readonly problems: readonly PolicyProblem[] };

/** Where the policy of an object is written: in the object itself, or in the one that it names. */
export function policySource(
  attachment: PolicyAttachment,
  object: AnyManifest,
  catalog: Catalog,
  at: ValuePath,
): PolicySource {
  if ("inline" in attachment) return { object, path: [...at, "inline"] };
  const found = catalog.find("NgrokTrafficPolicy", object.metadata.namespace, attachment.targetRef.name);
  return found === undefined ? { object, path: at } : { object: found, path: ["spec", "policy"] };
}

/** The policy of an object in `namespace`; `at` is where it is attached. */
export function attachedPolicy(
  attachment: PolicyAttachment,
  namespace: string,
  use: PolicyUse,
  catalog: Catalog,
  at: ValuePath,
): AttachedPolicy {
  if ("inline" in attachment) {
    return withAddresses(attachment.inline, namespace, catalog, (path) => [...at, "inline", ...path]);
  }
  const { name } = attachment.targetRef;
  const path = [...at, "targetRef", "name"];
  const found = catalog.find("NgrokTrafficPolicy", namespace, name);
  if (found === undefined) {
    const message = `There is no NgrokTrafficPolicy "${namespace}/${name}", or it has mistakes: nobody is let in`;
    return { problems: [{ code: "unknown-policy", message, path }] };
  }
  const { policy } = found.spec;
  const problems = policyMisuses(policy, use).map(({ message, error }) => ({
    code: "misused-policy" as const,
    message: `NgrokTrafficPolicy "${nameOf(found)}" cannot be used here: ${message} (ERR_NGROK_${error})`,
    path,
  }));
  return problems.length > 0 ? { problems } : withAddresses(policy, namespace, catalog, () => path);
}

/** The same policy with the addresses of the IPPolicies that it names. */
export function withAddresses(
  policy: TrafficPolicy,
  namespace: string,
  catalog: Catalog,
  place: (path: ValuePath) => ValuePath,
): AttachedPolicy {
  if (!policy.rules.some(({ actions }) => actions.some(namesPolicies))) return { policy };
  const problems: PolicyProblem[] = [];
  const rules = policy.rules.map((rule, index) => ({
    ...rule,
    actions: rule.actions.map((action, position): PolicyAction => {
      if (!namesPolicies(action)) return action;
      const path = ["on_tcp_connect", index, "actions", position, "config", "ip_policies"];
      return united(action, namespace, catalog, (problem) => problems.push({ ...problem, path: place(path) }));
    }),
  }));
  return problems.length > 0 ? { problems } : { policy: { rules } };
}

/** Names of all IPPolicies in a policy. */
export function namedPolicies({ rules }: TrafficPolicy): readonly string[] {
  return rules.flatMap(({ actions }) =>
    actions.flatMap((action) => (action.type === "restrict-ips" ? action.ipPolicies : [])),
  );
}

function namesPolicies(action: PolicyAction): action is RestrictIps {
  return action.type === "restrict-ips" && action.ipPolicies.length > 0;
}

function united(
  action: RestrictIps,
  namespace: string,
  catalog: Catalog,
  fail: (problem: Omit<PolicyProblem, "path">) => void,
): RestrictIps {
  const allow: Cidr[] = [...action.allow];
  const deny: Cidr[] = [...action.deny];
  let isKnown = true;
  for (const name of action.ipPolicies) {
    const found = catalog.find("IPPolicy", namespace, name);
    if (found === undefined) {
      const message = `There is no IPPolicy "${namespace}/${name}", or it has mistakes: nobody is let in (ERR_NGROK_2216)`;
      fail({ code: "unknown-ip-policy", message });
      isKnown = false;
      continue;
    }
    for (const { cidr, action: what } of found.spec.rules) (what === "allow" ? allow : deny).push(cidr);
  }
  if (isKnown && allow.length + action.allowTemplates.length === 0) {
    const named = action.ipPolicies.map((name) => `"${namespace}/${name}"`).join(", ");
    const message = `Nobody is let in: neither "allow" nor a rule of IPPolicy ${named} allows an address (ERR_NGROK_393)`;
    fail({ code: "missing-allow", message });
  }
  return { ...action, allow, deny, ipPolicies: [] };
}
