// AgentEndpoint as a person writes it.

import * as v from "valibot";

import type { Fail } from "../route-together.ts";
import { quote, rule } from "../rule.ts";
import { wordRule } from "../scalar-rule.ts";
import type { ExpressionChecks, PolicyUse } from "../traffic-policy/policy-reading.ts";
import { trafficPolicyRule, warnOfPolicy } from "../traffic-policy/traffic-policy-rule.ts";
import { parseUpstreamUrl, type UpstreamUrl } from "../upstream-url.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { has, kindMap, listOf, mapAt, type Written } from "./manifest-rule.ts";
import type { AgentEndpoint, AgentEndpointSpec } from "./ngrok.ts";
import {
  bindingOf,
  bindingsRule,
  checkBinding,
  describedKeys,
  endpointUrlRule,
  nameReference,
  protocolOf,
  warnOfMetadata,
} from "./ngrok-keys.ts";
import { byProtocol } from "./policy-by-protocol.ts";

const upstreamUrlRule = rule((value, refuse): UpstreamUrl | undefined => {
  if (typeof value !== "string" && typeof value !== "number") {
    refuse("bad-url", `Expected a URL such as tcp://db.prod:5432, found ${quote(value)} (ERR_NGROK_9034)`);
    return undefined;
  }
  // A bare port is a number for YAML.
  const url = parseUpstreamUrl(String(value));
  if (!("mistake" in url)) return url;
  refuse(url.mistake, url.message, url.hint);
  return undefined;
});

const upstream = kindMap({
  url: upstreamUrlRule,
  protocol: v.exactOptional(wordRule("bad-protocol", ["http1", "http2"])),
  proxyProtocolVersion: v.exactOptional(wordRule("bad-proxy-version", ["1", "2"])),
});

const tlsTermination = kindMap({
  serverCertificateRef: nameReference,
  mutualTLS: v.exactOptional(
    kindMap({ clientCAsRef: nameReference, mode: v.optional(wordRule("bad-mode", ["require", "request"]), "require") }),
  ),
});

function specRule(checks: ExpressionChecks, use: PolicyUse) {
  return kindMap({
    url: endpointUrlRule,
    upstream,
    trafficPolicy: v.exactOptional(
      kindMap({
        inline: v.exactOptional(trafficPolicyRule(checks, use)),
        targetRef: v.exactOptional(nameReference),
      }),
    ),
    ...describedKeys("Created by the ngrok-operator"),
    bindings: v.optional(bindingsRule, []),
    clientCertificateRefs: v.optional(listOf(nameReference), []),
    tlsTermination: v.exactOptional(tlsTermination),
  });
}

type WrittenSpec = v.InferOutput<ReturnType<typeof specRule>>;

/** The reader of AgentEndpoints, whose expressions are judged by somebody else. */
export function agentEndpointReader(checks: ExpressionChecks): KindReader<AgentEndpoint> {
  return kindReader({
    kind: "AgentEndpoint",
    apiVersion: "ngrok.k8s.ngrok.com/v1alpha1",
    schema: standardDocument<WrittenSpec>(byProtocol((use) => specRule(checks, use))),
    specOf: ({ spec }) => specOf(spec),
    checkTogether: (document, fail, warn) => {
      const spec = mapAt(document, "spec");
      checkBinding(spec, fail);
      checkPolicy(mapAt(spec, "trafficPolicy"), spec, fail);
      checkTermination(spec, fail);
      checkNulls(spec, fail);
      warnOf(spec, warn);
    },
  });
}

function specOf({ bindings, trafficPolicy, upstream: written, ...rest }: WrittenSpec): AgentEndpointSpec {
  const { url, proxyProtocolVersion } = written;
  const { inline, targetRef } = trafficPolicy ?? {};
  return {
    ...rest,
    binding: bindingOf(rest.url, bindings),
    upstream: { url, ...(proxyProtocolVersion === undefined ? {} : { proxyProtocolVersion }) },
    ...(inline === undefined ? {} : { trafficPolicy: { inline } }),
    ...(targetRef === undefined ? {} : { trafficPolicy: { targetRef } }),
  };
}

function checkPolicy(written: Written, spec: Written, fail: Fail): void {
  if (!has(spec, "trafficPolicy") || has(written, "inline") !== has(written, "targetRef")) return;
  const message = "Exactly one of inline or targetRef must be set on trafficPolicy";
  fail("one-policy", message, ["spec", "trafficPolicy"], undefined, "key");
}

/** What a template lost must not open what it was to close. */
function checkNulls(spec: Written, fail: Fail): void {
  const inTermination = mapAt(spec, "tlsTermination");
  const mutual = mapAt(inTermination, "mutualTLS");
  for (const [map, key, path] of [
    [spec, "trafficPolicy", ["spec"]],
    [spec, "tlsTermination", ["spec"]],
    [inTermination, "mutualTLS", ["spec", "tlsTermination"]],
    [mutual, "mode", ["spec", "tlsTermination", "mutualTLS"]],
  ] as const) {
    if (map[key] !== null) continue;
    fail(
      "null",
      `Expected a value for "${key}", found null`,
      [...path, key],
      "Leave the key out where none is meant",
      "key",
    );
  }
}

function checkTermination(spec: Written, fail: Fail): void {
  if (!has(spec, "tlsTermination") || protocolOf(spec).protocol === "tls") return;
  const message = `Expected a tls:// url with tlsTermination, found ${quote(spec["url"])}`;
  fail("plain-termination", message, ["spec", "tlsTermination"], "Write the url with tls://", "key");
}

function warnOf(spec: Written, warn: Fail): void {
  warnOfMetadata(spec, warn);
  warnOfPolicy(mapAt(spec, "trafficPolicy")["inline"] ?? {}, ["spec", "trafficPolicy", "inline"], warn);
  const written = mapAt(spec, "upstream");
  if (has(written, "protocol")) {
    const message = '"protocol" has no effect: it is for HTTP';
    warn("http-key", message, ["spec", "upstream", "protocol"], "Leave it out", "key");
  }
  const { clientCertificateRefs: refs } = spec;
  const url = written["url"];
  if (Array.isArray(refs) && refs.length > 0 && typeof url === "string" && url.startsWith("tcp://")) {
    const message = "Certificates are shown to nobody: the upstream is not spoken to in TLS";
    warn("idle-certificates", message, ["spec", "clientCertificateRefs"], "Write its url with tls://", "key");
  } else if (Array.isArray(refs) && refs.length > 1) {
    const message = "Only the first of clientCertificateRefs is shown to the upstream";
    warn("more-certificates", message, ["spec", "clientCertificateRefs", 1], "Leave the others out");
  }
}
