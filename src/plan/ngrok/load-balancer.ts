// A Service of type LoadBalancer that is ours: an endpoint whose clients go to the Service itself, as its annotations say.

import type { Service } from "../../resource/manifest/core.ts";
import { bindingMistake, BINDINGS, inferBinding } from "../../resource/binding.ts";
import { parseEndpointUrl } from "../../resource/endpoint-url.ts";
import type { Endpoint } from "./endpoint.ts";

/** Whose Services are ours. */
const CLASSES: ReadonlySet<string> = new Set(["ngrok", "sallyport", "sallyport.dev/gateway-controller"]);
/** Prefixes of annotations, the current one first. */
const PREFIXES = ["ngrok.com", "k8s.ngrok.com"] as const;

/** The value of one of ngrok's annotations, by its name without a prefix. */
export function annotationOf(annotations: Readonly<Record<string, string>>, name: string): string | undefined {
  for (const prefix of PREFIXES) {
    const value = annotations[`${prefix}/${name}`];
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The endpoint of a Service, `undefined` for one that has none; or what is wrong with what it says of it. */
export function loadBalancerOf(service: Service): Endpoint | string | undefined {
  const { type, loadBalancerClass = "", ports } = service.spec;
  if (type !== "LoadBalancer" || !CLASSES.has(loadBalancerClass)) return undefined;
  const { annotations } = service.metadata;
  if (!ports.some(({ protocol }) => protocol === "TCP")) return "It has no port for TCP";
  const url = parseEndpointUrl(annotationOf(annotations, "url") ?? "tcp://");
  if ("mistake" in url) return `Its annotation "url": ${url.message}`;
  const written = annotationOf(annotations, "bindings");
  const binding = written === undefined ? inferBinding(url) : BINDINGS.find((each) => each === written);
  if (binding === undefined) return `Its annotation "bindings": expected one of ${BINDINGS.join(", ")}`;
  const mistake = bindingMistake(url, binding);
  if (mistake !== undefined) return `Its annotation "bindings": ${mistake.message}`;
  const policy = annotationOf(annotations, "traffic-policy");
  return {
    object: service,
    url,
    urlPath: ["metadata", "annotations"],
    binding,
    pooling: annotationOf(annotations, "pooling-enabled") === "true",
    attachment: policy === undefined ? undefined : { targetRef: { name: policy } },
    policyPath: ["metadata", "annotations"],
  };
}
