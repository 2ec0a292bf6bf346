// What stands for an endpoint whose document has mistakes: it has the URL, so that its clients are nobody else's, and lets nobody in.

import { bindingMistake, BINDINGS, inferBinding } from "../binding.ts";
import { meantEndpointUrl } from "../endpoint-url.ts";
import type { Origin } from "../origin.ts";
import type { Service } from "./core.ts";
import type { ObjectMeta } from "./manifest.ts";
import type { Written } from "./manifest-rule.ts";
import { type AgentEndpoint, type CloudEndpoint, NGROK_GROUP } from "./ngrok.ts";

/** `undefined` when its URL is not known. */
export function closedEndpoint(
  kind: "AgentEndpoint" | "CloudEndpoint",
  spec: Written,
  metadata: ObjectMeta,
  origin: Origin,
): AgentEndpoint | CloudEndpoint | undefined {
  const url = typeof spec["url"] === "string" ? meantEndpointUrl(spec["url"]) : undefined;
  if (url === undefined) return undefined;
  const { bindings } = spec;
  const [first]: readonly unknown[] = Array.isArray(bindings) ? bindings : [];
  const written = BINDINGS.find((each) => each === first) ?? inferBinding(url);
  const binding = bindingMistake(url, written) === undefined ? written : inferBinding(url);
  const said = { description: "", metadata: {}, url, binding, hasMistakes: true } as const;
  const object = { apiVersion: `${NGROK_GROUP}/v1alpha1`, metadata, origin };
  if (kind === "CloudEndpoint") {
    // One that says nothing shares its URL with nobody.
    const poolingEnabled = spec["poolingEnabled"] === true;
    return { ...object, kind, spec: { ...said, poolingEnabled, trafficPolicy: { inline: { rules: [] } } } };
  }
  const nowhere = { url: { scheme: "tcp", host: "localhost", port: 1 } } as const;
  return { ...object, kind, spec: { ...said, upstream: nowhere, clientCertificateRefs: [] } };
}

/** A Service that leads nowhere; of type LoadBalancer with what says where it would be found. */
export function closedService(annotations: Written, spec: Written, metadata: ObjectMeta, origin: Origin): Service {
  const { type, loadBalancerClass } = spec;
  const texts = Object.entries(annotations).flatMap(([key, value]) =>
    typeof value === "string" ? [[key, value] as const] : [],
  );
  return {
    kind: "Service",
    apiVersion: "v1",
    metadata: { ...metadata, annotations: Object.fromEntries(texts) },
    spec: {
      type: type === "LoadBalancer" ? type : "ClusterIP",
      ...(typeof loadBalancerClass === "string" ? { loadBalancerClass } : {}),
      ports: [],
      publishNotReadyAddresses: false,
      hasMistakes: true,
    },
    origin,
  };
}
