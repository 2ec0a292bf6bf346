// Runs a plan: listeners, routes, pools and live connections. A new plan is applied as a difference: whatever did not
// change is not touched, new addresses are bound before old ones are released, and live connections always go on.
// Everything that goes in or comes out is plain data, so that an engine may live in another thread.

import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { GatewayError } from "../base/gateway-error.ts";
import { TimerWheel } from "../base/timer-wheel.ts";
import type { GeoLookup } from "../cel/geo.ts";
import type { Log } from "../observe/log.ts";
import type { ListenerPlan, Plan, PoolPlan, RoutePlan } from "../plan/plan.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CloseReason } from "../socket/close-reason.ts";
import { ThrottleClock } from "../socket/throttle-clock.ts";
import { Bandwidth } from "./bandwidth.ts";
import { checksAtOnce, connectionLimit, tellOfFew } from "./connection/connection-limit.ts";
import { newCounters } from "./counters.ts";
import { HealthMonitor } from "./health/monitor.ts";
import { besides } from "./besides.ts";
import { Internals } from "./internals.ts";
import { Admission, needsAdmission, tableSlots } from "./limit/admission.ts";
import { CounterTable } from "./limit/counter-table.ts";
import { Listener } from "./listener.ts";
import { listConnections, matchingConnections } from "./connection/live-connections.ts";
import { Overrides } from "./overrides.ts";
import { Pool, type PoolServices } from "./pool/pool.ts";
import { systemLookUp } from "./resolve/look-up.ts";
import type { LookUp } from "./resolve/name-query.ts";
import { Resolver } from "./resolve/resolver.ts";
import { Route, type RunningEntry } from "./route.ts";
import type { Services } from "./services.ts";
import type { BackendOverride, ConnectionFilter, ConnectionSnapshot, EngineSnapshot } from "./snapshot.ts";
import { takeSnapshot } from "./take-snapshot.ts";
import type { Target } from "./pool/target.ts";
import { tellUnusable } from "./tls-contexts.ts";
import { untilEmpty } from "./until-empty.ts";

/** Enough that no two starts anywhere meet. */
const INSTANCE_BYTES = 9;

export interface EngineOptions {
  readonly runtime: Runtime;
  readonly log: Log;
  /** How names of backends are looked up; by the operating system if absent. */
  readonly lookUp?: LookUp;
  /** What knows where addresses are; `null` or absent: nothing. */
  readonly geo?: GeoLookup | null;
}

export class Engine {
  readonly #services: Services;
  readonly #poolServices: PoolServices;
  readonly #listeners = new Map<string, Listener>();
  readonly #routes = new Map<string, Route>();
  readonly #pools = new Map<string, Pool>();
  readonly #overrides = new Overrides();
  /** Of every route's limits; made when the first one has some. */
  #table: CounterTable | null = null;
  readonly #throttleClock = new ThrottleClock();
  readonly #seed = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
  #draining = false;
  /** Applies are done one after the other. */
  #applying: Promise<void> = Promise.resolve();

  constructor(options: EngineOptions) {
    const { runtime, log, lookUp = systemLookUp(), geo = null } = options;
    const monitor = new HealthMonitor(runtime, log);
    const wheel = new TimerWheel();
    this.#poolServices = {
      resolver: new Resolver(log, lookUp),
      monitor,
      log,
      wheel,
      targetDown: (target) => this.#killTarget(target),
    };
    this.#services = {
      runtime,
      log,
      instance: randomBytes(INSTANCE_BYTES).toString("base64url"),
      wheel,
      monitor,
      internals: new Internals(),
      geo,
      reader: runtime.directReader(),
      connections: new Map(),
      receptions: new Set(),
      counters: newCounters(),
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
    // Routes before pools: who waits for a backend may be woken, and goes by the route as it is now.
    this.#updateRoutes(plan);
    this.#services.internals.follow(plan, this.#routes);
    for (const poolPlan of plan.pools) {
      const pool = this.#pools.get(poolPlan.name);
      if (pool?.plan !== poolPlan && !isDeepStrictEqual(pool?.plan, poolPlan)) pool?.update(poolPlan);
    }
    this.#overrides.apply(this.#routes);
    await this.#updateListeners(plan);
    this.#forgetRoutes(plan);
  }

  #setLimit(listeners: number): void {
    const { counters, runtime, monitor, log } = this.#services;
    const descriptors = runtime.descriptorLimit();
    const limit = connectionLimit(descriptors, listeners);
    monitor.limitSockets(checksAtOnce(descriptors, limit));
    const lowered = counters.connectionLimit === 0 || limit < counters.connectionLimit;
    counters.connectionLimit = limit;
    if (lowered && descriptors !== undefined) tellOfFew(log, limit, descriptors);
  }

  #poolOf(route: RoutePlan, name: string, plans: ReadonlyMap<string, PoolPlan>): Pool {
    const plan = plans.get(name);
    if (plan === undefined) throw new GatewayError("internal", `Plan has no pool "${name}"`);
    const pool = this.#pools.get(name) ?? new Pool(plan, this.#poolServices);
    this.#pools.set(name, pool);
    const { runtime, log } = this.#services;
    tellUnusable(log, route, pool.tls.follow(plan.upstreamTls, runtime.tls));
    return pool;
  }

  #updateRoutes(plan: Plan): void {
    const pools = new Map(plan.pools.map((poolPlan) => [poolPlan.name, poolPlan]));
    for (const routePlan of plan.routes) {
      if (this.#isRunning(routePlan, pools)) continue;
      const own = routePlan.pools.map(({ pool }) => this.#poolOf(routePlan, pool, pools));
      const route = this.#routes.get(routePlan.name) ?? new Route(routePlan, own);
      this.#routes.set(routePlan.name, route);
      route.follow(routePlan, own);
      route.admission = this.#admissionOf(routePlan);
      const { runtime, log } = this.#services;
      tellUnusable(log, routePlan, route.tls.follow(routePlan.tls, runtime.tls));
      const { bandwidth } = routePlan.limits;
      // Connections that are there go on sharing what they have.
      if (bandwidth === undefined) route.bandwidth = null;
      else if (!isDeepStrictEqual(route.bandwidth?.spec, bandwidth))
        route.bandwidth = new Bandwidth(bandwidth, this.#throttleClock);
    }
  }

  /** Whether a route and its pools are these very plans: what is thousands of routes in a reload that changes one. */
  #isRunning(routePlan: RoutePlan, plans: ReadonlyMap<string, PoolPlan>): boolean {
    const { name, pools: shares } = routePlan;
    const route = this.#routes.get(name);
    return (
      route?.plan === routePlan &&
      route.pools.length === shares.length &&
      shares.every(({ pool }, index) => {
        const running = route.pools[index];
        return running !== undefined && running === this.#pools.get(pool) && running.plan === plans.get(pool);
      })
    );
  }

  #admissionOf({ name, limits }: RoutePlan): Admission | null {
    if (!needsAdmission(limits)) return null;
    this.#table ??= CounterTable.create(tableSlots(this.#services.counters.connectionLimit));
    return new Admission(name, limits, this.#table, this.#seed);
  }

  async #updateListeners(plan: Plan): Promise<void> {
    const blocked: Listener[] = [];
    // In the same turn as the routes: no client may get a new route by an old table, nor a pool that has left the plan.
    const added = plan.listeners.filter((listenerPlan) => {
      const known = this.#listeners.get(listenerPlan.name);
      if (known?.isServing(listenerPlan, this.#routes) === true) return false;
      known?.update(listenerPlan, this.#runningEntries(listenerPlan));
      return known === undefined;
    });
    const leaving = besides(this.#listeners, plan.listeners, added.length).map(([, listener]) => listener);
    this.#closeRemovedPools(plan);
    for (const listenerPlan of added) {
      const listener = new Listener(listenerPlan, this.#runningEntries(listenerPlan), this.#services);
      this.#listeners.set(listener.name, listener);
      if (!(await listener.bind())) blocked.push(listener);
      if (this.#draining) return listener.close();
    }
    for (const listener of leaving) {
      listener.remove();
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

  #forgetRoutes(plan: Plan): void {
    for (const [name, route] of besides(this.#routes, plan.routes)) {
      // A removed route with live connections keeps its counters until the next plan finds it idle.
      if (route.connectionsActive === 0) this.#routes.delete(name);
    }
  }

  #closeRemovedPools(plan: Plan): void {
    for (const [name, pool] of besides(this.#pools, plan.pools)) {
      pool.close();
      this.#pools.delete(name);
    }
  }

  /** Listeners that could not be bound so far. */
  failedListeners(): EngineSnapshot["listeners"] {
    return [...this.#listeners.values()].filter(({ hasFailed }) => hasFailed).map((listener) => listener.snapshot());
  }

  snapshot(): EngineSnapshot {
    return takeSnapshot(this.#listeners, this.#routes, this.#services, this.#draining);
  }

  /** Live connections that match, in the order they were accepted, after id `after`, at most `limit`. */
  connections(filter: ConnectionFilter, after: string | undefined, limit: number): ConnectionSnapshot[] {
    return listConnections(this.#services.connections.values(), filter, after, limit);
  }

  /** Aborts one connection; false when there is none with this id. */
  kill(id: string): boolean {
    const connection = this.#services.connections.get(Number(id));
    connection?.abort("killed");
    return connection !== undefined;
  }

  /** Aborts all that match; how many. */
  killWhere(filter: ConnectionFilter): number {
    const doomed = [...matchingConnections(this.#services.connections.values(), filter)];
    for (const connection of doomed) connection.abort("killed");
    return doomed.length;
  }

  /**
   * Sets by hand, replacing what was set before for this backend of this route; kept for one that is not in the plan now.
   * Without settings it is removed.
   */
  setOverride(override: BackendOverride): void {
    this.#overrides.set(override, this.#routes.get(override.route)?.pools ?? []);
  }

  /** Stops accepting for good, and resolves when no connection is left or `timeoutMs` has passed; then aborts the rest. */
  async drain(timeoutMs: number): Promise<void> {
    this.#stopAccepting();
    const { connections, receptions } = this.#services;
    await untilEmpty(() => connections.size + receptions.size, timeoutMs);
    this.#abortAll("drained");
    this.#closePools();
  }

  /** Aborts everything now. */
  async stop(): Promise<void> {
    this.#stopAccepting();
    this.#abortAll("shutdown");
    this.#closePools();
  }

  #stopAccepting(): void {
    this.#draining = true;
    for (const listener of this.#listeners.values()) listener.close();
    this.#listeners.clear();
  }

  #closePools(): void {
    for (const pool of this.#pools.values()) pool.close();
    this.#poolServices.resolver.close();
    this.#poolServices.monitor.close();
  }

  #killTarget(target: Target): void {
    for (const connection of this.#services.connections.values()) {
      if (connection.target === target) connection.abort("killed");
    }
  }

  #abortAll(reason: CloseReason): void {
    // The latest first: an earlier one's end would only make a later one's dial begin.
    for (const connection of [...this.#services.connections.values()].toReversed()) connection.abort(reason);
    for (const client of this.#services.receptions) client.abort({ reason });
  }
}
