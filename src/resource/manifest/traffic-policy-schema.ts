// NgrokTrafficPolicy, or TrafficPolicy, as a person writes it: a policy that endpoints refer to. What it must not say for one of
// them is asked when that is known (`policyMisuses`).

import type { ExpressionChecks } from "../traffic-policy/policy-reading.ts";
import { trafficPolicyRule, warnOfPolicy } from "../traffic-policy/traffic-policy-rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { has, kindMap, mapAt } from "./manifest-rule.ts";
import type { NgrokTrafficPolicy } from "./ngrok.ts";

/** The reader of NgrokTrafficPolicies, whose expressions are judged by somebody else. */
export function ngrokTrafficPolicyReader(checks: ExpressionChecks): KindReader<NgrokTrafficPolicy> {
  return kindReader({
    kind: "NgrokTrafficPolicy",
    apiVersion: "ngrok.k8s.ngrok.com/v1alpha1",
    schema: standardDocument(kindMap({ policy: trafficPolicyRule(checks) })),
    specOf: ({ spec }) => spec,
    checkTogether: (document, _, warn) => {
      const spec = mapAt(document, "spec");
      if (has(spec, "policy")) warnOfPolicy(spec["policy"], ["spec", "policy"], warn);
    },
  });
}
