// What a load has to do with TCP addresses: which objects ask for one, and which ports it listens on besides. Pure.

import { compareText } from "../base/compare-text.ts";
import { loadBalancerOf } from "../plan/ngrok/load-balancer.ts";
import type { ObjectRecords } from "../plan/gateway/record.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import type { EndpointUrl } from "../resource/endpoint-url.ts";
import { keyOf } from "../resource/manifest/manifest.ts";
import type { RouteResource } from "../resource/route.ts";
import type { AllotmentWish } from "./allotments.ts";

/** Wishes of all objects, the oldest first: of two that ask for the same it gets it. */
export function addressWishesOf(manifests: readonly AnyManifest[], records: ObjectRecords): readonly AllotmentWish[] {
  return manifests
    .flatMap((manifest) => {
      const wish = wishOf(manifest);
      return wish === undefined ? [] : [{ wish, age: records.ageOf(manifest) }];
    })
    .toSorted((a, b) => compareText(a.age, b.age) || compareText(a.wish.key, b.wish.key))
    .map(({ wish }) => wish);
}

/** An endpoint that says where it is asks for nothing: the address may be reserved for it. */
function wishOf(manifest: AnyManifest): AllotmentWish | undefined {
  const key = keyOf(manifest);
  switch (manifest.kind) {
    case "TCPAddress": {
      const { host, port } = manifest.spec;
      return { key, ...(host === undefined ? {} : { host }), ...(port === undefined ? {} : { port }) };
    }
    case "AgentEndpoint":
    case "CloudEndpoint":
      return manifest.spec.url.host === undefined ? { key } : undefined;
    case "Service": {
      const endpoint = loadBalancerOf(manifest);
      return typeof endpoint === "object" && endpoint.url.host === undefined ? { key } : undefined;
    }
    default:
      return undefined;
  }
}

/** Tells whether routes or manifests of a load want a port for a listener. They are looked at when somebody asks. */
export function wantedPorts(
  routes: readonly RouteResource[],
  manifests: readonly AnyManifest[],
): (port: number) => boolean {
  let ports: ReadonlySet<number> | undefined;
  return (port) => (ports ??= collectPorts(routes, manifests)).has(port);
}

function collectPorts(routes: readonly RouteResource[], manifests: readonly AnyManifest[]): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const { listen } of routes) {
    for (const { firstPort, lastPort } of listen) for (let port = firstPort; port <= lastPort; port++) ports.add(port);
  }
  for (const manifest of manifests) {
    for (const port of portsOf(manifest)) ports.add(port);
  }
  return ports;
}

/** Those that it listens on by what it says itself. */
function portsOf(manifest: AnyManifest): readonly number[] {
  switch (manifest.kind) {
    case "Gateway":
    case "ListenerSet":
      return manifest.spec.listeners.map(({ port }) => port);
    case "AgentEndpoint":
    case "CloudEndpoint":
      return publicPort(manifest.spec.url);
    case "Service": {
      const endpoint = loadBalancerOf(manifest);
      return typeof endpoint === "object" ? publicPort(endpoint.url) : [];
    }
    default:
      return [];
  }
}

function publicPort({ port, internal }: EndpointUrl): readonly number[] {
  return port === undefined || internal ? [] : [port];
}
