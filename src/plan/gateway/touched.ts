// Which Gateways may come to something else than in an earlier load. A Gateway depends on itself, on the routes that name it, on the
// Services of those and on where their endpoints are. Of these thousands change one at a time; when anything else is different, all
// Gateways are.

import { changedWindow, isSameItems } from "../../base/changed-window.ts";
import type { AnyManifest } from "../../resource/manifest/kinds.ts";
import { GATEWAY_GROUP, nameOf } from "../../resource/manifest/manifest.ts";
import type { AnyRoute } from "./attach.ts";
import { type Catalog, serviceOf } from "./catalog.ts";
import { gatewayOf } from "./gateways.ts";

export const ROUTE_KINDS = ["TCPRoute", "TLSRoute", "UDPRoute", "HTTPRoute", "GRPCRoute"] as const;

/** What a Gateway's routes lead to. */
const BACKEND_KINDS = ["Service", "EndpointSlice", "Endpoints"] as const;

/** None of these concerns a Gateway. */
const OTHERS = ["TCPAddress", "AgentEndpoint", "CloudEndpoint", "Domain", "BoundEndpoint"] as const;

/** All of these concern single Gateways, or none. What else there is can let somebody in or keep somebody out wherever it is. */
const SINGLE: ReadonlySet<string> = new Set(["Gateway", ...OTHERS, ...ROUTE_KINDS, ...BACKEND_KINDS]);
/** Of these the oldest has what several want. */
const BY_AGE = ["ListenerSet", "ListenerPolicy", "BackendPolicy", "BackendTLSPolicy"] as const;

/** What a route names, found once. */
interface Named {
  /** Its Gateways, also by way of a ListenerSet. */
  readonly gateways: readonly string[];
  readonly services: readonly string[];
}

/** What routes name; of use as long as ListenerSets are the same. */
export type NamedByRoute = WeakMap<AnyRoute, Named>;

/** Names of the Gateways that may be different; `undefined`: all of them. */
export function touchedGateways(before: Catalog, after: Catalog, named: NamedByRoute): ReadonlySet<string> | undefined {
  if (!isCommonSame(before, after)) return undefined;
  const touched = new Set<string>();
  for (const gateway of changedItems(before.byAge("Gateway"), after.byAge("Gateway"))) touched.add(nameOf(gateway));
  for (const kind of ROUTE_KINDS) {
    const changed: readonly AnyRoute[] = changedItems<AnyRoute>(before.byAge(kind), after.byAge(kind));
    for (const route of changed) for (const gateway of namedBy(route, after, named).gateways) touched.add(gateway);
  }
  const services = changedServices(before, after);
  if (services.size === 0) return touched;
  for (const kind of ["TCPRoute", "TLSRoute"] as const) {
    for (const route of after.of(kind)) {
      const { gateways, services: own } = namedBy(route, after, named);
      if (own.some((service) => services.has(service))) for (const gateway of gateways) touched.add(gateway);
    }
  }
  return touched;
}

/** Names of the Gateways that a route wants to be attached to, whether or not they are there. */
export function gatewaysNamedBy(route: AnyRoute, catalog: Catalog, named: NamedByRoute): readonly string[] {
  return namedBy(route, catalog, named).gateways;
}

function isCommonSame(before: Catalog, after: Catalog): boolean {
  const { removed, added } = changedWindow(before.all, after.all);
  return (
    isSameItems(before.broken, after.broken) &&
    isSameItems(removed.filter(isCommon), added.filter(isCommon)) &&
    BY_AGE.every((kind) => isSameItems(before.byAge(kind), after.byAge(kind)))
  );
}

function isCommon({ kind }: AnyManifest): boolean {
  return !SINGLE.has(kind);
}

function changedItems<Item>(before: readonly Item[], after: readonly Item[]): readonly Item[] {
  const { removed, added } = changedWindow(before, after);
  return [...removed, ...added];
}

/** Services that changed, or whose endpoints did. */
function changedServices(before: Catalog, after: Catalog): ReadonlySet<string> {
  const services = new Set<string>();
  for (const kind of BACKEND_KINDS) {
    for (const manifest of changedItems<AnyManifest>(before.of(kind), after.of(kind))) {
      const service = manifest.kind === "EndpointSlice" ? serviceOf(manifest) : nameOf(manifest);
      if (service !== undefined) services.add(service);
    }
  }
  return services;
}

function namedBy(route: AnyRoute, catalog: Catalog, named: NamedByRoute): Named {
  const known = named.get(route);
  if (known !== undefined) return known;
  const { namespace: home } = route.metadata;
  const gateways = (route.spec.parentRefs ?? []).flatMap(({ group, kind, name, namespace = home }) => {
    if (group !== GATEWAY_GROUP) return [];
    if (kind === "Gateway") return [`${namespace}/${name}`];
    const set = kind === "ListenerSet" ? catalog.find("ListenerSet", namespace, name) : undefined;
    return set === undefined ? [] : [gatewayOf(set)];
  });
  const rules = route.kind === "TCPRoute" || route.kind === "TLSRoute" ? route.spec.rules : [];
  const services = rules.flatMap(({ backendRefs }) =>
    backendRefs.map(({ name, namespace = home }) => `${namespace}/${name}`),
  );
  const found = { gateways, services };
  named.set(route, found);
  return found;
}
