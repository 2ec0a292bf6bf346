// CloudEndpoint as a person writes it, with the forms that it had before.

import * as v from "valibot";

import type { Fail } from "../route-together.ts";
import { quote, rule } from "../rule.ts";
import { booleanRule } from "../scalar-rule.ts";
import type { ExpressionChecks, PolicyUse } from "../traffic-policy/policy-reading.ts";
import { trafficPolicyRule, warnOfPolicy } from "../traffic-policy/traffic-policy-rule.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { has, kindMap, mapAt, type Written } from "./manifest-rule.ts";
import { objectNameRule } from "./name-rules.ts";
import type { CloudEndpoint, CloudEndpointSpec, PolicyAttachment } from "./ngrok.ts";
import {
  bindingOf,
  bindingsRule,
  checkBinding,
  describedKeys,
  endpointUrlRule,
  nameReference,
  parseJson,
  warnOfMetadata,
} from "./ngrok-keys.ts";
import { byProtocol } from "./policy-by-protocol.ts";

/** Longer than any policy; it is read at once. */
const MAX_JSON_CHARS = 1_000_000;

/** What a text in JSON says, and anything else as it is. */
const fromJson = rule((value, refuse): unknown => {
  if (typeof value !== "string") return value;
  const read = value.length > MAX_JSON_CHARS ? undefined : parseJson(value);
  if (read !== undefined) return read;
  const message = `Expected a traffic policy, found ${quote(value)} (ERR_NGROK_2236)`;
  refuse("policy/wrong-type", message, 'Write it as YAML under "inline"');
  return undefined;
});

function specRule(checks: ExpressionChecks, use: PolicyUse) {
  const policy = trafficPolicyRule(checks, { ...use, mustTerminate: true });
  return kindMap({
    url: endpointUrlRule,
    poolingEnabled: v.optional(booleanRule, false),
    trafficPolicy: v.optional(
      kindMap({
        inline: v.exactOptional(policy),
        targetRef: v.exactOptional(nameReference),
        policy: v.exactOptional(v.pipe(fromJson, policy)),
      }),
      {},
    ),
    trafficPolicyName: v.exactOptional(objectNameRule),
    ...describedKeys("Created by the ngrok-operator"),
    bindings: v.optional(bindingsRule, []),
  });
}

type WrittenSpec = v.InferOutput<ReturnType<typeof specRule>>;

/** The reader of CloudEndpoints, whose expressions are judged by somebody else. */
export function cloudEndpointReader(checks: ExpressionChecks): KindReader<CloudEndpoint> {
  return kindReader({
    kind: "CloudEndpoint",
    apiVersion: "ngrok.k8s.ngrok.com/v1alpha1",
    schema: standardDocument<WrittenSpec>(byProtocol((use) => specRule(checks, use))),
    specOf: ({ spec }) => specOf(spec),
    checkTogether: (document, fail, warn) => {
      const spec = mapAt(document, "spec");
      checkBinding(spec, fail);
      if (has(document, "spec")) checkPolicy(spec, fail);
      warnOf(spec, warn);
    },
  });
}

function specOf({ bindings, trafficPolicy, trafficPolicyName, ...rest }: WrittenSpec): CloudEndpointSpec {
  const attached = attachedOf(trafficPolicy, trafficPolicyName);
  return { ...rest, binding: bindingOf(rest.url, bindings), trafficPolicy: attached };
}

/** In the order in which one counts before the other. */
function attachedOf(
  { inline, targetRef, policy }: WrittenSpec["trafficPolicy"],
  name: string | undefined,
): PolicyAttachment {
  if (inline !== undefined) return { inline };
  if (targetRef !== undefined) return { targetRef };
  if (policy !== undefined) return { inline: policy };
  // That there is one is checked before.
  return name === undefined ? { inline: { rules: [] } } : { targetRef: { name } };
}

function checkPolicy(spec: Written, fail: Fail): void {
  const written = mapAt(spec, "trafficPolicy");
  if (has(written, "inline") && has(written, "targetRef")) {
    const message = "spec.trafficPolicy.inline and spec.trafficPolicy.targetRef cannot both be set";
    fail("two-policies", message, ["spec", "trafficPolicy"], undefined, "key");
  }
  const keys = ["inline", "targetRef", "policy"];
  if (keys.some((key) => has(written, key)) || has(spec, "trafficPolicyName")) return;
  const message =
    "Expected a traffic policy: there is nobody behind a CloudEndpoint who would take its clients (ERR_NGROK_2235)";
  const hint = 'Write "inline" or "targetRef" under "trafficPolicy"';
  const isThere = has(spec, "trafficPolicy");
  fail("missing-policy", message, isThere ? ["spec", "trafficPolicy"] : ["spec"], hint, "key");
}

function warnOf(spec: Written, warn: Fail): void {
  warnOfMetadata(spec, warn);
  const written = mapAt(spec, "trafficPolicy");
  const at = ["spec", "trafficPolicy"];
  if (has(written, "inline")) warnOfPolicy(written["inline"], [...at, "inline"], warn);
  if (has(written, "policy")) {
    const isUsed = !has(written, "inline") && !has(written, "targetRef");
    const message = isUsed
      ? '"policy" is the old name of "inline"'
      : '"policy" has no effect beside "inline" or "targetRef"';
    warn("legacy-policy", message, [...at, "policy"], isUsed ? 'Write "inline"' : "Leave it out", "key");
    const { policy } = written;
    const read = typeof policy === "string" && policy.length <= MAX_JSON_CHARS ? parseJson(policy) : policy;
    if (isUsed) warnOfPolicy(read, [...at, "policy"], warn);
  }
  if (!has(spec, "trafficPolicyName")) return;
  const isUsed = !["inline", "targetRef", "policy"].some((key) => has(written, key));
  const message = isUsed
    ? '"trafficPolicyName" is the old form of "targetRef" under "trafficPolicy"'
    : '"trafficPolicyName" has no effect beside "trafficPolicy"';
  const hint = isUsed ? 'Write "trafficPolicy: {targetRef: {name: …}}"' : "Leave it out";
  warn("legacy-policy-name", message, ["spec", "trafficPolicyName"], hint, "key");
}
