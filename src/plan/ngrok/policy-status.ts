// The status of what endpoints refer to: traffic policies and lists of addresses. One that is here is a good one, as mistakes are told
// where they are; who refers to it says in its own status what is wrong with the two together.

import type { IpPolicy, NgrokTrafficPolicy } from "../../resource/manifest/ngrok.ts";
import type { Condition } from "../gateway/condition.ts";
import { Conditions } from "../gateway/conditions.ts";

export interface NgrokPolicyStatus {
  readonly conditions: readonly Condition[];
}

export function ngrokPolicyStatus(object: NgrokTrafficPolicy | IpPolicy, generation: number): NgrokPolicyStatus {
  const conditions = new Conditions();
  if (object.kind === "IPPolicy") {
    const { length } = object.spec.rules;
    const rules = length === 1 ? "1 rule" : `${length} rules`;
    conditions.hold("IPPolicyCreated", "IPPolicyCreated", "Policies can name it");
    conditions.hold("IPPolicyRulesConfigured", "IPPolicyRulesConfigured", `It has ${rules}`);
    conditions.hold("Ready", "IPPolicyActive", `${rules} in force wherever a policy names it`);
  } else {
    conditions.hold("Valid", "TrafficPolicyValid", "Nothing is wrong with it");
    conditions.hold("Ready", "TrafficPolicyValid", "It is in force wherever an endpoint or a Gateway names it");
  }
  return { conditions: conditions.list(generation) };
}
