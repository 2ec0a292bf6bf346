// All objects of a load that are endpoints, the oldest first: of two that want the same it gets it.

import { compareText } from "../../base/compare-text.ts";
import type { Service } from "../../resource/manifest/core.ts";
import { keyOf } from "../../resource/manifest/manifest.ts";
import type { AgentEndpoint, CloudEndpoint } from "../../resource/manifest/ngrok.ts";
import type { Catalog } from "../gateway/catalog.ts";
import type { Endpoint } from "./endpoint.ts";
import { loadBalancerOf } from "./load-balancer.ts";

/** Endpoints, and what is wrong with Services that would be some. */
export interface ListedEndpoints {
  readonly endpoints: readonly Endpoint[];
  readonly unreadable: ReadonlyMap<Service, string>;
}

export function listEndpoints(catalog: Catalog): ListedEndpoints {
  const unreadable = new Map<Service, string>();
  const services = catalog.of("Service").flatMap((service) => {
    const found = loadBalancerOf(service);
    if (typeof found !== "string") return found === undefined ? [] : [found];
    unreadable.set(service, found);
    return [];
  });
  const all = [...catalog.of("AgentEndpoint").map(ofAgent), ...catalog.of("CloudEndpoint").map(ofCloud), ...services];
  const aged = all.map((endpoint) => ({
    endpoint,
    age: catalog.records.ageOf(endpoint.object),
    key: keyOf(endpoint.object),
  }));
  const sorted = aged.toSorted((a, b) => compareText(a.age, b.age) || compareText(a.key, b.key));
  return { endpoints: sorted.map(({ endpoint }) => endpoint), unreadable };
}

/** Always to be shared, as ngrok's operator has it. */
function ofAgent(object: AgentEndpoint): Endpoint {
  const { url, binding, trafficPolicy } = object.spec;
  const policyPath = ["spec", "trafficPolicy"];
  return { object, url, urlPath: ["spec", "url"], binding, pooling: true, attachment: trafficPolicy, policyPath };
}

function ofCloud(object: CloudEndpoint): Endpoint {
  const { url, binding, poolingEnabled, trafficPolicy } = object.spec;
  const policyPath = ["spec", "trafficPolicy"];
  return {
    object,
    url,
    urlPath: ["spec", "url"],
    binding,
    pooling: poolingEnabled,
    attachment: trafficPolicy,
    policyPath,
  };
}
