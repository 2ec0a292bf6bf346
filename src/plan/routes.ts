// From one resource to what becomes of its connections: the route and its pools. Who gets it is `listeners.ts`.

import { type CidrMap, compileCidrMap } from "../base/cidr-map.ts";
import { GatewayError } from "../base/gateway-error.ts";
import { formatHostnamePattern } from "../base/hostname.ts";
import type { Cidr } from "../base/ip.ts";
import type { Credentials } from "../resource/credentials.ts";
import type { ProxyAcceptSpec } from "../resource/proxy.ts";
import type { BackendSpec, PoolShare, RouteResource } from "../resource/route.ts";
import { compilePolicy, type PrefixSets } from "./policy-plan.ts";
import type { PoolPlan, ProxyAcceptPlan, RoutePlan, TargetPlan } from "./plan.ts";
import { compileTls, compileUpstreamTls } from "./tls-plan.ts";

/** Compiled sets of prefixes, by the list they were made from. */
export class SourceSets {
  readonly #known: WeakMap<readonly Cidr[], CidrMap>;

  /** `known` outlives this plan. */
  constructor(known = new WeakMap<readonly Cidr[], CidrMap>()) {
    this.#known = known;
  }

  of(cidrs: readonly Cidr[]): CidrMap {
    const map = this.#known.get(cidrs) ?? compileCidrMap(cidrs.map((cidr) => ({ cidr, value: 0 })));
    this.#known.set(cidrs, map);
    return map;
  }
}

/** What happens to the connections of a route, whose certificates are all there. */
export function compileRoute(
  route: RouteResource,
  credentials: Credentials,
  sets: SourceSets,
  prefixes: PrefixSets,
): RoutePlan {
  const { name, origin, tls, alpn, clientCert, proxyAccept, timeouts, limits, policy, endpoint, members } = route;
  const hostnames = tls?.hostnames ?? [];
  return {
    name,
    file: origin.file,
    line: origin.locate([]).line,
    pools: route.pools.map(({ name: share, weight }) => ({ pool: poolName(name, share), weight })),
    ...(route.refused === undefined ? {} : { refused: route.refused }),
    ...(route.allow.length === 0 ? {} : { allow: sets.of(route.allow) }),
    ...(route.deny.length === 0 ? {} : { deny: sets.of(route.deny) }),
    ...(route.sources.length === 0 ? {} : { sources: sets.of(route.sources) }),
    ...(hostnames.length === 0 ? {} : { hostnames: hostnames.map(formatHostnamePattern) }),
    ...(alpn.length === 0 ? {} : { alpn }),
    ...(clientCert.length === 0 ? {} : { clientCert }),
    protocol: route.protocol,
    ...(tls === undefined ? {} : { tls: compileTls(tls, credentials) ?? lacks(route) }),
    ...(proxyAccept === undefined ? {} : { proxyAccept: compileProxyAccept(proxyAccept, sets) }),
    timeouts,
    limits,
    ...(policy === undefined ? {} : { policy: compilePolicy(policy, prefixes) }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(members === undefined ? {} : { members }),
  };
}

/** Whose connections begin with a PROXY header. */
export function compileProxyAccept({ from, versions }: ProxyAcceptSpec, sets: SourceSets): ProxyAcceptPlan {
  return { from: sets.of(from), versions };
}

/** A name has no `|` of its own. */
function poolName(route: string, share: string): string {
  return share === "" ? route : `${route}|${share}`;
}

/** The pools of a route. */
export function compilePools(route: RouteResource, credentials: Credentials): readonly PoolPlan[] {
  return route.pools.map((share) => compilePool(route, share, credentials));
}

/** The targets of one pool, and how they are used. */
function compilePool(route: RouteResource, { name, spec }: PoolShare, credentials: Credentials): PoolPlan {
  const { balance, backends, health, passive, onDown, slowStartMs, dial, resolveIntervalMs } = spec;
  const { proxySend, upstreamTls } = spec;
  return {
    name: poolName(route.name, name),
    route: route.name,
    balance,
    targets: backends.map(compileTarget),
    ...(health === undefined ? {} : { health }),
    ...(passive === undefined ? {} : { passive }),
    onDown,
    slowStartMs,
    dial,
    resolveIntervalMs,
    ...(proxySend === undefined ? {} : { proxySend }),
    ...(upstreamTls === undefined ? {} : { upstreamTls: compileUpstreamTls(upstreamTls, credentials) ?? lacks(route) }),
  };
}

function compileTarget(backend: BackendSpec): TargetPlan {
  const { address, weight, backup, maxConnections } = backend;
  const how = { address, weight, backup, maxConnections };
  if ("unix" in backend) return { unix: backend.unix, ...how };
  if ("srv" in backend) return { srv: backend.srv, ...how };
  const { host, orElse, firstPort, lastPort } = backend;
  const names = orElse === undefined ? { host } : { host, orElse };
  return { ...names, port: firstPort, ranged: lastPort > firstPort, ...how };
}

/** Such a route was closed before: to go on without a certificate would be to do less than it says. */
function lacks({ name }: RouteResource): never {
  throw new GatewayError("internal", `Route "${name}" has no certificates`);
}
