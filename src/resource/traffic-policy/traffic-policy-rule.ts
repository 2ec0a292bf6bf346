// A traffic policy as one value of a larger document: a schema for what is wrong with it, and a second reading for what is only
// not wise, which schemas cannot say.

import type { ValuePath } from "../origin.ts";
import type { Fail } from "../route-together.ts";
import { rule } from "../rule.ts";
import type { TrafficPolicy } from "./policy.ts";
import { readPolicyDocument } from "./policy-document.ts";
import { type ExpressionChecks, PolicyReading, type PolicyUse } from "./policy-reading.ts";

/** Of one policy, this much is said. */
const MAX_TOLD = 200;
/** What is wrong with expressions is said by the schema. */
const NO_CHECKS: ExpressionChecks = { condition: () => undefined, value: () => undefined, template: () => undefined };

/** A traffic policy for a use; what is wrong with it is told under codes of its own, `policy/…`. */
export function trafficPolicyRule(checks: ExpressionChecks, use: PolicyUse = {}) {
  return rule((value, refuse): TrafficPolicy | undefined => {
    let told = 0;
    const reading = new PolicyReading(
      (severity, code, message, path, hint, part) => {
        if (severity === "error" && ++told <= MAX_TOLD) refuse(code, message, hint, path, part);
      },
      checks,
      use,
    );
    const policy = readPolicyDocument(value, reading);
    return told === 0 ? policy : undefined;
  });
}

/**
 * Says what is not wise about the policy at a path: old forms, and what has no effect. `warn` is given codes without the area of a
 * document, `policy/…`.
 */
export function warnOfPolicy(value: unknown, at: ValuePath, warn: Fail): void {
  let told = 0;
  const reading = new PolicyReading(
    (severity, code, message, path, hint, part) => {
      if (severity === "warning" && ++told <= MAX_TOLD) warn(code, message, [...at, ...path], hint, part);
    },
    NO_CHECKS,
    {},
  );
  readPolicyDocument(value, reading);
}
