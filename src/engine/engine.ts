// Runs a plan: listeners, routes, pools and live connections. A new plan is applied as a difference: whatever did not
// change is not touched, new addresses are bound before old ones are released, and live connections always go on.
// Everything that goes in or comes out is plain data, so that an engine may live in another thread.

import { isDeepStrictEqual } from "node:util";
import { lookupCidr, compileCidrMap } from "../base/cidr-map.ts";
import { GatewayError } from "../base/gateway-error.ts";
import { parseCidr, parseIp } from "../base/ip.ts";
import { TimerWheel } from "../base/timer-wheel.ts";
import type { Log } from "../observe/log.ts";
import type { ListenerPlan, Plan } from "../plan/plan.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CloseReason } from "../socket/close-reason.ts";
import type { Connection, Services } from "./connection.ts";
import { connectionLimit } from "./connection-limit.ts";
import { Listener, type RunningEntry } from "./listener.ts";
import { Pool } from "./pool.ts";
import { systemLookUp } from "./resolve/look-up.ts";
import type { LookUp } from "./resolve/name-query.ts";
import { Resolver } from "./resolve/resolver.ts";
import { Route } from "./route.ts";
import type { BackendOverride, ConnectionFilter, ConnectionSnapshot, EngineSnapshot } from "./snapshot.ts";
import { takeSnapshot } from "./take-snapshot.ts";

/** Fewer connections than this are a surprise on a server: the usual hard limits allow many times as many. */
const FEW_CONNECTIONS = 4_000;

export interface EngineOptions {
  readonly runtime: Runtime;
  readonly log: Log;
  /** How names of backends are asked for; absent: as the system does. */
  readonly lookUp?: LookUp;
}

export class Engine {
  readonly #services: Services;
  readonly #resolver: Resolver;
  readonly #listeners = new Map<string, Listener>();
  readonly #routes = new Map<string, Route>();
  readonly #pools = new Map<string, Pool>();
  readonly #overrides = new Map<string, BackendOverride>();
  #draining = false;
  /** Applies are done one after the other. */
  #applying: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    const { runtime, log, lookUp = systemLookUp() } = options;
    this.#resolver = new Resolver(log, lookUp);
    this.#services = {
      runtime,
      log,
      wheel: new TimerWheel(),
      reader: runtime.directReader(),
      connections: new Map(),
      counters: {
        accepted: 0,
        unrouted: 0,
        abandonedDials: 0,
        connectionLimit: 0,
        fullWarnedMs: Number.NEGATIVE_INFINITY,
      },
    };
  }

  /** Makes `plan` the running one. Resolves when every new listener was tried; those that failed go on trying. */
  apply(plan: Plan): Promise<void> {
    const turn = this.#applying.then(() => this.#apply(plan));
    // The next apply has its turn whatever becomes of this one; its caller hears of the failure.
    this.#applying = turn.catch(() => undefined);
    return turn;
  }

  async #apply(plan: Plan): Promise<void> {
    if (this.#draining) return;
    this.#setLimit(plan.listeners.length);
    this.#updatePools(plan);
    this.#updateRoutes(plan);
    await this.#updateListeners(plan);
    this.#forgetRemoved(plan);
  }

  #setLimit(listeners: number): void {
    const { counters, runtime, log } = this.#services;
    const descriptors = runtime.descriptorLimit();
    const limit = connectionLimit(descriptors, listeners);
    const lowered = counters.connectionLimit === 0 || limit < counters.connectionLimit;
    counters.connectionLimit = limit;
    if (limit >= FEW_CONNECTIONS || !lowered || descriptors === undefined) return;
    const advice = "raise the limit with `ulimit -n`, LimitNOFILE= (systemd) or --ulimit nofile= (containers)";
    const message = `At most ${limit} connections fit below the limit of ${descriptors} descriptors: ${advice}`;
    log.write("warn", "descriptors-low", message, { limit, descriptors });
  }

  #updatePools(plan: Plan): void {
    for (const poolPlan of plan.pools) {
      const pool = this.#pools.get(poolPlan.name);
      if (pool === undefined) this.#pools.set(poolPlan.name, new Pool(poolPlan, this.#resolver));
      else if (!isDeepStrictEqual(pool.plan, poolPlan)) pool.update(poolPlan);
    }
  }

  #updateRoutes(plan: Plan): void {
    for (const routePlan of plan.routes) {
      const pool = this.#pools.get(routePlan.pool);
      if (pool === undefined) throw new GatewayError("internal", `Plan has no pool "${routePlan.pool}"`);
      const route = this.#routes.get(routePlan.name);
      if (route === undefined) {
        this.#routes.set(routePlan.name, new Route(routePlan, pool));
      } else {
        route.plan = routePlan;
        route.pool = pool;
      }
    }
  }

  async #updateListeners(plan: Plan): Promise<void> {
    const wanted = new Set(plan.listeners.map((listener) => listener.name));
    const leaving = [...this.#listeners.values()].filter((listener) => !wanted.has(listener.name));
    const blocked: Listener[] = [];
    for (const listenerPlan of plan.listeners) {
      const entries = this.#runningEntries(listenerPlan);
      const known = this.#listeners.get(listenerPlan.name);
      if (known !== undefined) {
        known.update(listenerPlan, entries);
        continue;
      }
      const listener = new Listener(listenerPlan, entries, this.#services);
      this.#listeners.set(listener.name, listener);
      if (!(await listener.bind())) blocked.push(listener);
      if (this.#draining) return listener.close();
    }
    for (const listener of leaving) {
      listener.close();
      this.#listeners.delete(listener.name);
    }
    // What one of our own old listeners was in the way of (all addresses instead of one, say) can be bound now.
    for (const listener of blocked) if (!(await listener.bind())) listener.keepTrying();
  }

  #runningEntries(plan: ListenerPlan): RunningEntry[] {
    return plan.entries.map(({ route: name, portOffset }) => {
      const route = this.#routes.get(name);
      if (route === undefined) throw new GatewayError("internal", `Plan has no route "${name}"`);
      return { route, portOffset };
    });
  }

  #forgetRemoved(plan: Plan): void {
    const routes = new Set(plan.routes.map((route) => route.name));
    for (const [name, route] of this.#routes) {
      // A removed route with live connections keeps its counters until the next plan finds it idle.
      if (!routes.has(name) && route.connectionsActive === 0) this.#routes.delete(name);
    }
    const pools = new Set(plan.pools.map((pool) => pool.name));
    for (const [name, pool] of this.#pools) {
      if (pools.has(name)) continue;
      pool.close();
      this.#pools.delete(name);
    }
  }

  /**
   * Sets by hand, replacing what was set before for this backend of this route; kept for one that is not in the plan now.
   * Without settings it is removed.
   */
  setOverride(override: BackendOverride): void {
    const key = JSON.stringify([override.route, override.backend]);
    if (override.weight === undefined && override.state === undefined) this.#overrides.delete(key);
    else this.#overrides.set(key, override);
  }

  snapshot(): EngineSnapshot {
    const snapshot = takeSnapshot(this.#listeners, this.#routes, this.#services, this.#draining);
    const backends = snapshot.backends.map((backend) => {
      const set = this.#overrides.get(JSON.stringify([backend.route, backend.backend]));
      if (set === undefined) return backend;
      const { route: _route, backend: _backend, ...override } = set;
      return { ...backend, weight: override.weight ?? backend.weight, override };
    });
    return { ...snapshot, backends };
  }

  /** Live connections that match, in the order they were accepted, after id `after`, at most `limit`. */
  connections(filter: ConnectionFilter, after: string | undefined, limit: number): ConnectionSnapshot[] {
    const afterId = after === undefined ? 0 : Number(after);
    if (Number.isNaN(afterId)) {
      throw new GatewayError("request/bad-after", `Cannot continue after "${after}": the id of a connection is wanted`);
    }
    const found: ConnectionSnapshot[] = [];
    for (const connection of this.#matching(filter)) {
      if (connection.id <= afterId) continue;
      found.push(connection.snapshot());
      if (found.length === limit) break;
    }
    return found;
  }

  /** Aborts one connection; false when there is none with this id. */
  kill(id: string): boolean {
    const connection = this.#services.connections.get(Number(id));
    connection?.abort("killed");
    return connection !== undefined;
  }

  /** Aborts all that match; how many. */
  killWhere(filter: ConnectionFilter): number {
    const doomed = [...this.#matching(filter)];
    for (const connection of doomed) connection.abort("killed");
    return doomed.length;
  }

  /** Stops accepting for good, and resolves when no connection is left or `timeoutMs` has passed; then aborts the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.#stopAccepting();
    await this.#idle(timeoutMs);
    this.#abortAll("drained");
    this.#resolver.close();
  }

  /** Aborts everything now. */
  async stop(): Promise<void> {
    this.#stopAccepting();
    this.#abortAll("shutdown");
    this.#resolver.close();
  }

  #stopAccepting(): void {
    this.#draining = true;
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  #abortAll(reason: CloseReason): void {
    for (const connection of this.#services.connections.values()) connection.abort(reason);
  }

  #idle(timeoutMs: number): Promise<void> {
    const { connections } = this.#services;
    if (connections.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const due = performance.now() + timeoutMs;
    const timer = setInterval(() => {
      if (connections.size > 0 && performance.now() < due) return;
      clearInterval(timer);
      resolve();
    }, DRAIN_POLL_MS);
    return promise;
  }

  *#matching(filter: ConnectionFilter): Generator<Connection> {
    const { route, backend, source } = filter;
    const cidr = source === undefined ? undefined : parseCidr(source);
    if (source !== undefined && cidr === undefined) {
      throw new GatewayError(
        "request/bad-source",
        `Cannot filter by source "${source}": an address or a CIDR is wanted`,
      );
    }
    const sources = cidr === undefined ? undefined : compileCidrMap([{ cidr, value: 0 }]);
    for (const connection of this.#services.connections.values()) {
      if (route !== undefined && connection.route.plan.name !== route) continue;
      if (backend !== undefined && connection.target?.plan.address !== backend) continue;
      if (sources !== undefined) {
        const ip = parseIp(connection.clientHost);
        if (ip === undefined || lookupCidr(sources, ip) === -1) continue;
      }
      yield connection;
    }
  }
}

/** How often a drain looks whether all connections are gone, in milliseconds: well below what a person notices. */
const DRAIN_POLL_MS = 20;
