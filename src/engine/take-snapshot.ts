// Reads the running engine into plain data for the admin port. Only here are live connections added up: the data path
// keeps each connection's bytes to itself until it ends.

import { reasonCounts } from "./counters.ts";
import type { Listener } from "./listener.ts";
import type { Route } from "./route.ts";
import type { Services } from "./services.ts";
import { snapshotBackend } from "./pool/snapshot-backend.ts";
import { shareName, snapshotShares } from "./snapshot-shares.ts";
import { snapshotTls, snapshotUpstreamTls } from "./snapshot-tls.ts";
import type { BackendSnapshot, EngineSnapshot, RouteSnapshot } from "./snapshot.ts";

/** One consistent picture: nothing runs between its parts. */
export function takeSnapshot(
  listeners: ReadonlyMap<string, Listener>,
  routes: ReadonlyMap<string, Route>,
  services: Services,
  draining: boolean,
): EngineSnapshot {
  const listenerSnapshots = [...listeners.values()].map((listener) => listener.snapshot());
  const listenersOf = new Map<string, string[]>();
  for (const { name, routes: names } of listenerSnapshots) {
    for (const route of names) {
      const list = listenersOf.get(route);
      if (list === undefined) listenersOf.set(route, [name]);
      else list.push(name);
    }
  }
  const live = liveBytes(services);
  return {
    listeners: listenerSnapshots,
    routes: [...routes.values()].map((route) => snapshotRoute(route, listenersOf.get(route.plan.name) ?? [], live)),
    backends: [...routes.values()].flatMap(backendsOf),
    connectionsActive: services.connections.size,
    connectionsTotal: services.counters.accepted,
    connectionsGreeting: services.counters.greeting,
    connectionsUnrouted: reasonCounts(services.counters.unrouted),
    connectionLimit: services.counters.connectionLimit,
    draining,
  };
}

type LiveBytes = ReadonlyMap<Route, { in: number; out: number }>;

function liveBytes(services: Services): LiveBytes {
  const live = new Map<Route, { in: number; out: number }>();
  for (const { route, pipe } of services.connections.values()) {
    const sums = live.get(route) ?? { in: 0, out: 0 };
    sums.in += pipe.inbound.bytes;
    sums.out += pipe.outbound === null ? 0 : pipe.outbound.bytes;
    live.set(route, sums);
  }
  return live;
}

function snapshotRoute(route: Route, listeners: readonly string[], live: LiveBytes): RouteSnapshot {
  const { plan, pools } = route;
  const moving = live.get(route);
  // Of several pools the first stands for all where there is one place for it.
  const [first] = pools;
  return {
    name: plan.name,
    file: plan.file,
    line: plan.line,
    listeners,
    backends: pools.flatMap((pool) => pool.backends.map((backend) => backend.plan.address)),
    ...snapshotShares(plan, pools),
    allow: plan.allow?.size ?? 0,
    deny: plan.deny?.size ?? 0,
    protocol: plan.protocol,
    ...snapshotTls(plan),
    ...(first === undefined ? {} : snapshotUpstreamTls(first.plan)),
    timeouts: plan.timeouts,
    balance: first?.plan.balance ?? "round-robin",
    connectionLimit: plan.limits.connections,
    limits: plan.limits,
    connectionsActive: route.connectionsActive,
    connectionsQueued: pools.reduce((sum, { queued }) => sum + queued, 0),
    retries: route.retries,
    connectionsTotal: route.endedByReason(),
    limited: route.limitedByName(),
    ...(route.program === null ? {} : { policy: route.verdicts() }),
    bytesIn: route.bytesIn + (moving?.in ?? 0),
    bytesOut: route.bytesOut + (moving?.out ?? 0),
    connectSeconds: route.connectSeconds.snapshot(),
    connectionSeconds: route.connectionSeconds.snapshot(),
  };
}

function backendsOf(route: Route): BackendSnapshot[] {
  const now = { ms: performance.now(), date: Date.now() };
  return route.pools.flatMap((pool) => {
    const share = route.pools.length > 1 ? { pool: shareName(pool) } : {};
    return pool.backends.map((backend) => ({ ...snapshotBackend(backend, pool.plan, now), ...share }));
  });
}
