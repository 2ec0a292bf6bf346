// All resources in, one plan out. Pure: no files, no sockets, no clock. A route that cannot have what it asks for is left
// out with a diagnostic, and everything else goes on. Who may have an address is `claims.ts`.

import { type CidrEntry, type CidrMap, compileCidrMap } from "../base/cidr-map.ts";
import { compareDiagnostics, type Diagnostic } from "../base/diagnostic.ts";
import type { Cidr } from "../base/ip.ts";
import type { Credentials } from "../resource/credentials.ts";
import type { BackendSpec, RouteResource } from "../resource/route.ts";
import { type Claim, claimsOf, countClaims, settleClaims } from "./claims.ts";
import { closeLoops } from "./loops.ts";
import type { ListenerEntry, ListenerPlan, Plan, PoolPlan, RoutePlan, TargetPlan } from "./plan.ts";

/** What a plan depends on besides the resources. */
export interface CompileOptions {
  /** IPs that a `listen` without a host binds; empty means all addresses. */
  readonly bind: readonly string[];
  /** Certificates that the resources refer to. */
  readonly credentials: Credentials;
  /** Compiled sets by the list they were made from: a caller that keeps it pays only for lists that changed. */
  readonly maps?: WeakMap<readonly Cidr[], CidrMap>;
}

/** More sockets than a machine is set up to have, and still quick to compare; two addresses with every port. */
const MAX_LISTENERS = 131_072;

/** A plan, and why some routes are not in it. */
export interface CompiledPlan {
  readonly plan: Plan;
  /** Sorted. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Compiles resources, given in order of precedence. What a route of `previous` has, a newcomer does not take from it; among
 * newcomers the first one wins.
 */
export function compilePlan(
  resources: readonly RouteResource[],
  options: CompileOptions,
  previous?: Plan,
): CompiledPlan {
  const diagnostics: Diagnostic[] = [];
  const named = dropDuplicateNames(resources, previous, diagnostics);
  const affordable = dropTooMany(named, options.bind, diagnostics);
  const sound = closeLoops(affordable, options.bind, diagnostics);
  const claims = sound.map((route) => ({ route, claims: claimsOf(route, options.bind) }));
  const winners = settleClaims(claims, previous, diagnostics);
  const maps = options.maps ?? new WeakMap<readonly Cidr[], CidrMap>();
  const plan: Plan = {
    listeners: compileListeners(claims.filter(({ route }) => winners.has(route))),
    routes: sound.filter((route) => winners.has(route)).map((route) => compileRoute(route, maps)),
    pools: sound.filter((route) => winners.has(route)).map(compilePool),
  };
  return { plan, diagnostics: diagnostics.toSorted(compareDiagnostics) };
}

/** One route for each name: documents of the admin API win over files, what runs over what is new, the first over others. */
function dropDuplicateNames(
  resources: readonly RouteResource[],
  previous: Plan | undefined,
  diagnostics: Diagnostic[],
): readonly RouteResource[] {
  const running = new Map(previous?.routes.map((route) => [route.name, route.file]));
  const owners = new Map<string, RouteResource>();
  for (const route of resources) {
    const owner = owners.get(route.name);
    // A document wins over a file; between two of a kind, the one that runs.
    const takes =
      owner === undefined ||
      (isStored(owner) === isStored(route) &&
        owner.origin.file !== route.origin.file &&
        running.get(route.name) === route.origin.file);
    if (takes) owners.set(route.name, route);
  }
  return resources.filter((route) => {
    const owner = owners.get(route.name);
    if (owner === undefined || owner === route) return true;
    const { line, column } = owner.origin.locate(["name"]);
    const stored = isStored(owner) && !isStored(route);
    diagnostics.push({
      file: route.origin.file,
      ...route.origin.locate(["name"]),
      severity: stored ? "warning" : "error",
      code: stored ? "plan/overridden" : "plan/duplicate-name",
      message: stored
        ? `Route "${route.name}" is replaced by ${owner.origin.file}, which was put through the admin API`
        : `Route "${route.name}" is already defined at ${owner.origin.file}:${line}:${column}`,
    });
    return false;
  });
}

/** Routes until there are more listeners than any plan can have; each further one is refused before it costs memory. */
function dropTooMany(
  routes: readonly RouteResource[],
  bind: readonly string[],
  diagnostics: Diagnostic[],
): readonly RouteResource[] {
  let listeners = 0;
  return routes.filter((route) => {
    const count = countClaims(route, bind);
    if (listeners + count <= MAX_LISTENERS) {
      listeners += count;
      return true;
    }
    const message = `Cannot listen on ${count} more addresses: a plan can have ${MAX_LISTENERS}`;
    const place = { file: route.origin.file, ...route.origin.locate(["listen"]) };
    diagnostics.push({ ...place, severity: "error", code: "plan/too-many-listeners", message });
    return false;
  });
}

function isStored(route: RouteResource): boolean {
  return route.origin.file.startsWith("document:");
}

/** One listener for each address, in the order in which the routes first name them. */
function compileListeners(
  claims: readonly { readonly route: RouteResource; readonly claims: readonly Claim[] }[],
): readonly ListenerPlan[] {
  const groups = new Map<string, { claim: Claim; entries: ListenerEntry[]; routes: RouteResource[] }>();
  for (const { route, claims: own } of claims) {
    for (const claim of own) {
      const entry = { route: route.name, portOffset: claim.portOffset };
      const group = groups.get(claim.name);
      if (group === undefined) groups.set(claim.name, { claim, entries: [entry], routes: [route] });
      else {
        group.entries.push(entry);
        group.routes.push(route);
      }
    }
  }
  // The ports of a range have the same routes in the same order, and share one map.
  const shared = new Map<string, CidrMap>();
  return Array.from(groups.values(), ({ claim, entries, routes }): ListenerPlan => {
    const { name, host, port } = claim;
    const listener = { name, ...(host === undefined ? {} : { host }), port, entries };
    const fallback = routes.findIndex(({ sources }) => sources.length === 0);
    if (routes.every(({ sources }) => sources.length === 0)) return { ...listener, fallback };
    const key = routes.map((route) => route.name).join("\n");
    const bySource =
      shared.get(key) ?? compileCidrMap(routes.flatMap((route, index) => entriesOf(route.sources, index)));
    shared.set(key, bySource);
    return { ...listener, bySource, fallback };
  });
}

function compileRoute(route: RouteResource, maps: WeakMap<readonly Cidr[], CidrMap>): RoutePlan {
  const { name, origin, timeouts, limits } = route;
  const mapOf = (cidrs: readonly Cidr[]): CidrMap => {
    const map = maps.get(cidrs) ?? compileCidrMap(entriesOf(cidrs, 0));
    maps.set(cidrs, map);
    return map;
  };
  return {
    name,
    file: origin.file,
    line: origin.locate([]).line,
    pool: name,
    ...(route.allow.length === 0 ? {} : { allow: mapOf(route.allow) }),
    ...(route.deny.length === 0 ? {} : { deny: mapOf(route.deny) }),
    ...(route.sources.length === 0 ? {} : { sources: mapOf(route.sources) }),
    protocol: route.protocol,
    timeouts,
    limits,
  };
}

function compilePool(route: RouteResource): PoolPlan {
  const { name, balance, backends, health, passive, onDown, slowStartMs, dial, resolveIntervalMs } = route;
  return {
    name,
    balance,
    targets: backends.map(compileTarget),
    ...(health === undefined ? {} : { health }),
    ...(passive === undefined ? {} : { passive }),
    onDown,
    slowStartMs,
    dial,
    resolveIntervalMs,
  };
}

function compileTarget(backend: BackendSpec): TargetPlan {
  const { address, weight, backup, maxConnections } = backend;
  const how = { address, weight, backup, maxConnections };
  if ("unix" in backend) return { unix: backend.unix, ...how };
  if ("srv" in backend) return { srv: backend.srv, ...how };
  const { host, firstPort, lastPort } = backend;
  return { host, port: firstPort, ranged: lastPort > firstPort, ...how };
}

function entriesOf(cidrs: readonly Cidr[], value: number): CidrEntry[] {
  return cidrs.map((cidr) => ({ cidr, value }));
}
