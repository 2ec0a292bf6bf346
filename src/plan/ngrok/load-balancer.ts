// A Service of type LoadBalancer that is ours: an endpoint whose clients go to the Service itself, as its annotations say.

import type { Service } from "../../resource/manifest/core.ts";
import { type Binding, bindingMistake, BINDINGS, inferBinding } from "../../resource/binding.ts";
import { type EndpointUrl, meantEndpointUrl, parseEndpointUrl } from "../../resource/endpoint-url.ts";
import { quote } from "../../resource/rule.ts";
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

/** The endpoint of a Service, `undefined` for one that has none; or why it is not known where that would be. */
export function loadBalancerOf(service: Service): Endpoint | string | undefined {
  const { type, loadBalancerClass = "", ports, hasMistakes } = service.spec;
  if (type !== "LoadBalancer" || !CLASSES.has(loadBalancerClass)) return undefined;
  const { annotations } = service.metadata;
  if (hasMistakes !== true && !ports.some(({ protocol }) => protocol === "TCP")) return "It has no port for TCP";
  const text = annotationOf(annotations, "url") ?? "tcp://";
  const parsed = parseEndpointUrl(text);
  const wrongUrl = "mistake" in parsed ? `Its annotation "url": ${parsed.message}` : undefined;
  const url = "mistake" in parsed ? meantEndpointUrl(text) : parsed;
  if (url === undefined) return wrongUrl;
  const { binding, mistake: wrongBinding } = bindingOf(url, annotationOf(annotations, "bindings"));
  const pooling = annotationOf(annotations, "pooling-enabled") ?? "false";
  const wrongPooling = /^(?:true|false)$/.test(pooling)
    ? undefined
    : `Its annotation "pooling-enabled": expected "true" or "false", found ${quote(pooling)}`;
  const mistake = wrongUrl ?? wrongBinding ?? wrongPooling;
  const policy = annotationOf(annotations, "traffic-policy");
  return {
    object: service,
    url,
    urlPath: ["metadata", "annotations"],
    binding,
    pooling: pooling === "true",
    attachment: policy === undefined ? undefined : { targetRef: { name: policy } },
    policyPath: ["metadata", "annotations"],
    ...(mistake === undefined ? {} : { mistake }),
  };
}

/** The binding that is written, or the one that the URL has by itself and what is wrong with the other. */
function bindingOf(url: EndpointUrl, written: string | undefined): { binding: Binding; mistake?: string } {
  const inferred = inferBinding(url);
  if (written === undefined) return { binding: inferred };
  const binding = BINDINGS.find((each) => each === written);
  const mistake =
    binding === undefined
      ? `expected one of ${BINDINGS.join(", ")}, found ${quote(written)}`
      : bindingMistake(url, binding)?.message;
  if (binding !== undefined && mistake === undefined) return { binding };
  return { binding: inferred, mistake: `Its annotation "bindings": ${mistake ?? ""}` };
}
