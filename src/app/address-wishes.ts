// What a load has to do with TCP addresses: which objects ask for one, and which ports it listens on besides. Pure.

import { compareText } from "../base/compare-text.ts";
import type { ObjectRecords } from "../plan/gateway/record.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import { keyOf } from "../resource/manifest/manifest.ts";
import type { RouteResource } from "../resource/route.ts";
import type { AllotmentWish } from "./allotments.ts";

/** Wishes of all objects, the oldest first: of two that ask for the same it gets it. */
export function addressWishesOf(manifests: readonly AnyManifest[], records: ObjectRecords): readonly AllotmentWish[] {
  return manifests
    .flatMap((manifest) => (manifest.kind === "TCPAddress" ? [manifest] : []))
    .map((manifest) => ({ manifest, key: keyOf(manifest), age: records.ageOf(manifest) }))
    .toSorted((a, b) => compareText(a.age, b.age) || compareText(a.key, b.key))
    .map(({ manifest: { spec }, key }) => ({
      key,
      ...(spec.host === undefined ? {} : { host: spec.host }),
      ...(spec.port === undefined ? {} : { port: spec.port }),
    }));
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
    if (manifest.kind !== "Gateway" && manifest.kind !== "ListenerSet") continue;
    for (const { port } of manifest.spec.listeners) ports.add(port);
  }
  return ports;
}
