// From endpoints to routes: who has which URL, and who shares one with others. An endpoint that lost its URL to another one has no
// route, and says why.

import { nameOf } from "../../resource/manifest/manifest.ts";
import type { RouteResource } from "../../resource/route.ts";
import { claimsOf } from "../claim.ts";
import { isClosed } from "../closed.ts";
import type { Plan } from "../plan.ts";
import { type BuiltEndpoint, buildEndpoint, createdType, type EndpointParts } from "./built-endpoint.ts";
import { type EndpointState, policyName } from "./endpoint.ts";
import { listEndpoints, type ListedEndpoints } from "./listed-endpoints.ts";
import { isSameTermination } from "./termination.ts";

export interface EndpointTranslation {
  readonly routes: readonly RouteResource[];
  /** Names of those whose URL is served now: they come before whatever is new, in every dialect. */
  readonly kept: ReadonlySet<string>;
  readonly states: readonly EndpointState[];
  /** What is wrong with Services that would be endpoints. */
  readonly unreadable: ListedEndpoints["unreadable"];
}

/**
 * `bind`: IPs that an endpoint without an address of its own binds; empty means all. `previous`: the plan in force, whose endpoints come
 * before others that want their URL, whoever is older.
 */
export function translateEndpoints(
  parts: EndpointParts,
  bind: readonly string[],
  previous: Plan | undefined,
): EndpointTranslation {
  const { endpoints, unreadable } = listEndpoints(parts.catalog);
  const running = endpoints.length === 0 ? NOBODY : runningEndpoints(previous);
  const groups = new Map<string, BuiltEndpoint[]>();
  const states: EndpointState[] = [];
  for (const endpoint of endpoints) {
    const built = buildEndpoint(endpoint, parts);
    const url = built.place?.name.url;
    if (url === undefined) states.push(stateOf(built, undefined));
    else {
      const sharing = groups.get(url);
      if (sharing === undefined) groups.set(url, [built]);
      else sharing.push(built);
    }
  }
  const routes: RouteResource[] = [];
  for (const [url, group] of groups) {
    const sharing = group.toSorted((a, b) => Number(runs(b, url, running)) - Number(runs(a, url, running)));
    const members = winnersOf(sharing);
    const emitted = routesOf(members);
    routes.push(...emitted);
    const door = emitted.find(({ listen }) => listen.length > 0);
    const listeners = door === undefined ? [] : claimsOf(door, bind).map(({ name }) => name);
    for (const built of sharing) {
      states.push(stateOf(built, members.includes(built) ? { door: door?.name, listeners } : undefined));
    }
  }
  const kept = routes.filter((route) => route.listen.length > 0 && running.has(route.endpoint?.url ?? ""));
  return { routes, kept: new Set(kept.map(({ name }) => name)), states, unreadable };
}

/** URLs of endpoints that run → names of their routes. */
function runningEndpoints(previous: Plan | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const running = new Map<string, Set<string>>();
  for (const route of previous?.routes ?? []) {
    const { name, endpoint } = route;
    if (endpoint === undefined || isClosed(route)) continue;
    const names = running.get(endpoint.url);
    if (names === undefined) running.set(endpoint.url, new Set([name]));
    else names.add(name);
  }
  return running;
}

const NOBODY: ReadonlyMap<string, ReadonlySet<string>> = new Map();

function runs({ route }: BuiltEndpoint, url: string, running: ReturnType<typeof runningEndpoints>): boolean {
  return route !== undefined && running.get(url)?.has(route.name) === true;
}

/** Those who have the URL; the others are told why not. */
function winnersOf([first, ...others]: readonly BuiltEndpoint[]): readonly BuiltEndpoint[] {
  if (first === undefined) return [];
  const winners = [first];
  for (const built of others) {
    const why = whyApart(first, built) ?? whyApart(winners.find(({ closed }) => !closed) ?? first, built);
    if (why !== undefined) {
      built.conditions.fail(createdType(built.endpoint), "ConfigurationError", why, built.endpoint.urlPath);
      continue;
    }
    winners.push(built);
  }
  return winners;
}

/** Why an endpoint cannot share the URL of one that has it; `undefined` when it can. */
function whyApart(first: BuiltEndpoint, other: BuiltEndpoint): string | undefined {
  const { object } = first.endpoint;
  const named = `${object.kind} "${nameOf(object)}"`;
  const url = first.place?.name.url ?? "";
  if (!first.endpoint.pooling || !other.endpoint.pooling) {
    const which = first.endpoint.pooling ? "this one" : named;
    return `${named} has the URL ${url} already, and both need pooling to share it: ${which} has it not enabled (ERR_NGROK_334)`;
  }
  if (isSameTls(first, other)) return undefined;
  return `${named} has the URL ${url} already, and ends TLS otherwise: endpoints that share a URL have one certificate`;
}

/** Of one that lets nobody in only what it says of its TLS is known. */
function isSameTls(a: BuiltEndpoint, b: BuiltEndpoint): boolean {
  if (!a.closed && !b.closed) return isSameTermination(a.ends, b.ends);
  return a.tlsWish !== undefined && a.tlsWish === b.tlsWish;
}

/** One route for one endpoint; for several a door that hands its clients to them. */
function routesOf(members: readonly BuiltEndpoint[]): readonly RouteResource[] {
  const [first] = members;
  if (first?.place === undefined) return [];
  const { listen, name } = first.place;
  const own = members.flatMap(({ route }) => (route === undefined ? [] : [route]));
  if (listen === undefined) return own.map((route): RouteResource => ({ ...route, listen: [], internal: true }));
  if (own.length === 1) return own.map((route): RouteResource => ({ ...route, listen: [listen] }));
  const shown = members.find(({ closed }) => !closed)?.route ?? own[0];
  if (shown === undefined) return [];
  const { policy: _policy, refused: _refused, ...common } = shown;
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

/** `share`: of those who have the URL; absent: it has none. */
function stateOf(
  { endpoint, conditions, place, route }: BuiltEndpoint,
  share: { readonly door: string | undefined; readonly listeners: readonly string[] } | undefined,
): EndpointState {
  return {
    endpoint,
    conditions,
    policyName: policyName(endpoint.attachment),
    listeners: share?.listeners ?? [],
    routes: [share?.door, share === undefined ? undefined : route?.name].flatMap((name) => name ?? []),
    ...(place === undefined || share === undefined ? {} : { assignedUrl: place.name.url }),
    ...(place?.note === undefined ? {} : { note: place.note }),
  };
}
