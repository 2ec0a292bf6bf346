// From endpoints to routes: who has which URL, and who shares one with others. An endpoint that lost its URL to another one has no
// route, and says why.

import { nameOf } from "../../resource/manifest/manifest.ts";
import type { RouteResource } from "../../resource/route.ts";
import { claimsOf } from "../claim.ts";
import { type BuiltEndpoint, buildEndpoint, createdType, type EndpointParts } from "./built-endpoint.ts";
import { type EndpointState, policyName } from "./endpoint.ts";
import { listEndpoints, type ListedEndpoints } from "./listed-endpoints.ts";
import { isSameTermination } from "./termination.ts";

export interface EndpointTranslation {
  readonly routes: readonly RouteResource[];
  readonly states: readonly EndpointState[];
  /** What is wrong with Services that would be endpoints. */
  readonly unreadable: ListedEndpoints["unreadable"];
}

/** `bind`: IPs that an endpoint without an address of its own binds; empty means all. */
export function translateEndpoints(parts: EndpointParts, bind: readonly string[]): EndpointTranslation {
  const { endpoints, unreadable } = listEndpoints(parts.catalog);
  const groups = new Map<string, BuiltEndpoint[]>();
  const states: EndpointState[] = [];
  for (const endpoint of endpoints) {
    const built = buildEndpoint(endpoint, parts);
    const url = built.place?.name.url;
    if (url === undefined) states.push(stateOf(built, undefined, []));
    else {
      const sharing = groups.get(url);
      if (sharing === undefined) groups.set(url, [built]);
      else sharing.push(built);
    }
  }
  const routes: RouteResource[] = [];
  for (const sharing of groups.values()) {
    const members = winnersOf(sharing);
    const emitted = routesOf(members);
    routes.push(...emitted);
    const door = emitted.find(({ listen }) => listen.length > 0);
    const listeners = door === undefined ? [] : claimsOf(door, bind).map(({ name }) => name);
    for (const built of sharing) {
      states.push(stateOf(built, members.includes(built) ? door?.name : undefined, listeners));
    }
  }
  return { routes, states, unreadable };
}

/** Those who have the URL; the others are told why not. */
function winnersOf([first, ...others]: readonly BuiltEndpoint[]): readonly BuiltEndpoint[] {
  if (first === undefined) return [];
  const winners = [first];
  for (const built of others) {
    const why = whyApart(first, built);
    if (why === undefined) winners.push(built);
    else built.conditions.fail(createdType(built.endpoint), "ConfigurationError", why, built.endpoint.urlPath);
  }
  return winners;
}

/** Why an endpoint cannot share the URL of an older one; `undefined` when it can. */
function whyApart(first: BuiltEndpoint, other: BuiltEndpoint): string | undefined {
  const { object } = first.endpoint;
  const named = `${object.kind} "${nameOf(object)}"`;
  const url = first.place?.name.url ?? "";
  if (!first.endpoint.pooling || !other.endpoint.pooling) {
    const which = first.endpoint.pooling ? "this one" : named;
    return `${named} has the URL ${url} already, and both need pooling to share it: ${which} has it not enabled (ERR_NGROK_334)`;
  }
  if (isSameTermination(first.ends, other.ends)) return undefined;
  return `${named} has the URL ${url} already, and ends TLS otherwise: endpoints that share a URL have one certificate`;
}

/** One route for one endpoint; for several a door that hands its clients to them. */
function routesOf(members: readonly BuiltEndpoint[]): readonly RouteResource[] {
  const [first] = members;
  if (first?.place === undefined) return [];
  const { listen, name } = first.place;
  const own = members.flatMap(({ route }) => (route === undefined ? [] : [route]));
  if (listen === undefined) return own.map((route): RouteResource => ({ ...route, listen: [], internal: true }));
  if (own.length === 1) return own.map((route): RouteResource => ({ ...route, listen: [listen] }));
  const [oldest] = own;
  if (oldest === undefined) return [];
  const { policy: _policy, refused: _refused, ...common } = oldest;
  const door: RouteResource = {
    ...common,
    name: `endpoint/${name.url}`,
    listen: [listen],
    pools: [],
    members: own.map((route) => route.name),
  };
  // Their TLS is the door's.
  const inside = own.map(({ tls: _tls, alone: _alone, ...route }): RouteResource => ({
    ...route,
    listen: [],
  }));
  return [door, ...inside];
}

function stateOf(
  { endpoint, conditions, place }: BuiltEndpoint,
  door: string | undefined,
  listeners: readonly string[],
): EndpointState {
  return {
    endpoint,
    conditions,
    policyName: policyName(endpoint.attachment),
    listeners: door === undefined ? [] : listeners,
    ...(place === undefined ? {} : { assignedUrl: place.name.url }),
    ...(place?.note === undefined ? {} : { note: place.note }),
    ...(door === undefined ? {} : { door }),
  };
}
