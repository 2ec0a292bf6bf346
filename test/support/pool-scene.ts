// A pool whose surroundings a test plays: clients, dials that settle when it says so, checks, names and time. It keeps its
// own account of all that and says what of the pool does not agree with it.

import { spyOn } from "bun:test";
import { TICK_MS, TimerWheel, WheelEntry } from "../../src/base/timer-wheel.ts";
import { Dial } from "../../src/engine/connection/dial.ts";
import { Dialler, type DiallerOwner } from "../../src/engine/connection/dialler.ts";
import { HealthMonitor, type HealthWatch } from "../../src/engine/health/monitor.ts";
import { addressText, type HealthState } from "../../src/engine/health/probe-loop.ts";
import { Pool } from "../../src/engine/pool/pool.ts";
import { type NameQuery, queryText, type ResolvedAddress } from "../../src/engine/resolve/name-query.ts";
import type { NameListener } from "../../src/engine/resolve/name.ts";
import { type NameWatch, Resolver } from "../../src/engine/resolve/resolver.ts";
import { Route } from "../../src/engine/route.ts";
import type { Services } from "../../src/engine/services.ts";
import type { Target } from "../../src/engine/pool/target.ts";
import type { Waiter } from "../../src/engine/pool/waiting-line.ts";
import type { PoolPlan } from "../../src/plan/plan.ts";
import type { HealthSpec } from "../../src/resource/health.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { SocketAddress } from "../../src/runtime/runtime.ts";
import type { Refusal } from "../../src/engine/limit/refusal.ts";
import type { DialOwner, Socket } from "../../src/socket/socket.ts";
import { ManualClock } from "./manual-clock.ts";
import { RecordedLog } from "./recorded-log.ts";

/** A dial that has not settled. */
export interface PendingDial {
  readonly client: PoolClient;
  readonly target: Target;
  readonly owner: DialOwner;
}

/** Checks that find what the test says. */
class PlayedMonitor extends HealthMonitor {
  readonly watches = new Map<HealthWatch, { address: string; changed: (state: HealthState) => void }>();
  readonly #states = new Map<string, HealthState>();

  override watch(address: SocketAddress, spec: HealthSpec, changed: (state: HealthState) => void): HealthWatch {
    // Another kind of check knows nothing yet.
    const text = `${addressText(address)} ${spec.check.kind}`;
    const states = this.#states;
    const watch: HealthWatch = {
      get state() {
        return states.get(text) ?? { status: "unknown", checks: 0, failures: 0 };
      },
      close: () => void this.watches.delete(watch),
    };
    this.watches.set(watch, { address: text, changed });
    return watch;
  }

  /** The address (with its kind of check) is found to be `status`. */
  find(address: string, status: "up" | "down"): void {
    if (this.#states.get(address)?.status === status) return;
    const state = { status, checks: 1, failures: 0 };
    this.#states.set(address, state);
    for (const [watch, heard] of Array.from(this.watches)) {
      if (heard.address === address && this.watches.has(watch)) heard.changed(state);
    }
  }
}

/** Names that stand for what the test says. */
class PlayedResolver extends Resolver {
  readonly watches = new Set<{ readonly text: string; readonly changed: NameListener }>();
  readonly #known = new Map<string, readonly ResolvedAddress[]>();
  readonly #errors = new Map<string, Error>();

  override watch(query: NameQuery, _intervalMs: number, changed: NameListener): NameWatch {
    const text = queryText(query);
    const interest = { text, changed };
    const [known, errors] = [this.#known, this.#errors];
    this.watches.add(interest);
    return {
      get addresses() {
        return known.get(text) ?? [];
      },
      get error() {
        return errors.get(text);
      },
      get answered() {
        return known.has(text) || errors.has(text);
      },
      close: () => void this.watches.delete(interest),
    };
  }

  answer(text: string, answer: readonly ResolvedAddress[] | Error): void {
    if (answer instanceof Error) this.#errors.set(text, answer);
    else {
      this.#errors.delete(text);
      this.#known.set(text, answer);
    }
    for (const interest of Array.from(this.watches)) if (interest.text === text) interest.changed(answer);
  }
}

/** A pool that tells who waits. */
class WatchedPool extends Pool {
  readonly waiters = new Set<Waiter>();

  override wait(waiter: Waiter): void {
    this.waiters.add(waiter);
    super.wait(waiter);
  }

  override leave(waiter: Waiter): void {
    this.waiters.delete(waiter);
    super.leave(waiter);
  }
}

/** A client as its connection plays it: one outcome, one deadline. */
export class PoolClient extends WheelEntry implements DiallerOwner {
  readonly id: number;
  readonly clientHost: string;
  readonly dialler: Dialler;
  /** `dialled`, or why it gave up. */
  readonly outcomes: string[] = [];
  target: Target | null = null;
  attempts = 0;
  /** The most attempts that it could have: the plan may change meanwhile. */
  allowed = 0;
  over = false;
  readonly #scene: PoolScene;

  constructor(id: number, scene: PoolScene, route: Route, services: Services) {
    super();
    this.id = id;
    this.#scene = scene;
    this.clientHost = `10.0.${id >> 8}.${id & 255}`;
    this.dialler = new Dialler(this, route, 0, services);
  }

  dialled(target: Target): void {
    this.outcomes.push("dialled");
    this.target = target;
    this.#scene.wheel.cancel(this);
  }

  gaveUp({ reason }: Refusal): void {
    this.outcomes.push(reason);
    this.end(-1);
  }

  deadlineChanged(): void {
    const { dueMs } = this.dialler;
    if (this.over || this.target !== null || dueMs === Number.POSITIVE_INFINITY) return;
    this.#scene.wheel.schedule(this, dueMs);
  }

  override expired(nowMs: number): void {
    if (nowMs < this.dialler.dueMs) this.deadlineChanged();
    else this.dialler.expired();
  }

  /** It leaves: of its own accord, killed, or by `unansweredMs` reset by the backend. */
  end(unansweredMs: number): void {
    if (this.over) return;
    this.over = true;
    this.#scene.wheel.cancel(this);
    this.#scene.wheel.release();
    if (this.target === null) this.dialler.cancel();
    else if (unansweredMs < 0) this.#scene.pool.ended(this.target, 60_000, { answered: true, reset: false });
    else this.#scene.pool.ended(this.target, unansweredMs, { answered: false, reset: true });
  }
}

export class PoolScene implements Disposable {
  readonly clock = new ManualClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly clients: PoolClient[] = [];
  readonly dials = new Set<PendingDial>();
  readonly targets = new Set<Target>();
  readonly monitor: PlayedMonitor;
  readonly resolver: PlayedResolver;
  readonly pool: WatchedPool;
  readonly counters: Services["counters"];
  /** What did not agree. */
  readonly faults: string[] = [];
  queueSize = 2;
  /** No descriptor is left. */
  exhausted = false;
  closed = false;
  readonly #log = new RecordedLog();
  readonly #now = spyOn(performance, "now").mockImplementation(() => this.clock.now());

  constructor(plan: PoolPlan) {
    this.counters = {
      accepted: 0,
      unrouted: 0,
      abandonedDials: 0,
      besideDials: 0,
      connectionLimit: 1_000_000,
      fullWarnedMs: Number.NEGATIVE_INFINITY,
      shortageWarnedMs: Number.NEGATIVE_INFINITY,
    };
    this.monitor = new PlayedMonitor(bunRuntime(), this.#log);
    this.resolver = new PlayedResolver(this.#log, async () => ({ addresses: [] }));
    this.pool = new WatchedPool(plan, {
      resolver: this.resolver,
      monitor: this.monitor,
      log: this.#log,
      wheel: this.wheel,
      targetDown: (target) => {
        for (const client of this.clients) if (client.target === target) client.end(-1);
      },
    });
    this.noteTargets();
  }

  [Symbol.dispose](): void {
    this.#now.mockRestore();
  }

  arrive(): void {
    const id = this.clients.length;
    const route = new Route(
      {
        name: "db",
        file: "db.yaml",
        line: 1,
        pool: "db",
        timeouts: { connectMs: 5_000, idleMs: 0, halfCloseMs: 0, lifetimeMs: 0 },
        limits: { connections: 0, queue: { size: this.queueSize, timeoutMs: 3_000 } },
      },
      this.pool,
    );
    const services: Services = {
      runtime: {
        ...bunRuntime(),
        connect: (address, owner) => this.#connect(client, address, owner),
        descriptorsExhausted: () => this.exhausted,
      },
      log: this.#log,
      wheel: this.wheel,
      reader: null,
      connections: new Map(),
      counters: this.counters,
      monitor: this.monitor,
    };
    this.wheel.hold();
    const client = new PoolClient(id, this, route, services);
    client.allowed = this.pool.plan.dial.attempts;
    this.clients.push(client);
    client.dialler.next();
  }

  update(plan: PoolPlan): void {
    for (const client of this.clients) client.allowed = Math.max(client.allowed, plan.dial.attempts);
    this.pool.update(plan);
  }

  settle(dial: PendingDial, how: "open" | Error): void {
    this.dials.delete(dial);
    if (how === "open") dial.owner.opened(aborted());
    else dial.owner.unreachable(how);
  }

  pass(ticks: number): void {
    this.clock.pass(ticks * TICK_MS);
  }

  noteTargets(): void {
    for (const backend of this.pool.backends) for (const target of backend.targets) this.targets.add(target);
  }

  #connect(client: PoolClient, address: SocketAddress, owner: DialOwner): void {
    if (!(owner instanceof Dial)) throw new Error("Not a dial");
    const { target } = owner;
    // The tier of what is dialled may have changed meanwhile; what is dialled beside it follows it.
    const beside = this.dials.values().some((dial) => dial.client === client && target.isOtherFamilyOf(dial.target));
    this.dials.add({ client, target, owner });
    const fault = (text: string): void => void this.faults.push(`Client ${client.id} at ${target.address}: ${text}`);
    if (++client.attempts > client.allowed) fault("more attempts than allowed");
    if (client.over || client.target !== null) fault("a dial for nobody");
    const present = this.#present();
    if (!present.includes(target)) fault("not a target of the pool");
    if (addressText(address) !== target.address) fault(`dialled as ${addressText(address)}`);
    // It is entered already; whether it was full is seen by the count.
    const state = stateOf(target, this.wheel.nowMs);
    const tried = client.dialler.tried;
    const otherUsable = present.some(
      (other) => other !== target && tried?.has(other) !== true && stateOf(other, this.wheel.nowMs) === "usable",
    );
    // The last one is used although it is ejected.
    const lastResort = state === "ejected" && !otherUsable && this.pool.plan.passive?.ejectLast !== true;
    if (state !== "usable" && !lastResort) fault(`it is ${state}`);
    const { maxConnections } = target.backend.plan;
    if (maxConnections !== 0 && target.connectionsActive > maxConnections) fault("above maxConnections");
    for (const other of present) {
      if (beside || other.tier >= target.tier || client.dialler.tried?.has(other) === true) continue;
      if (stateOf(other, this.wheel.nowMs) === "usable") fault(`${other.address} comes first`);
    }
  }

  #present(): Target[] {
    return this.pool.backends.flatMap(({ targets }) => targets);
  }

  /** Compares the pool with the account; after every step. */
  check(): string[] {
    this.noteTargets();
    const { faults, pool, counters } = this;
    const fault = (wrong: boolean, text: string): void => void (wrong && faults.push(text));
    const present = this.#present();
    const pending = [...this.dials];
    const abandoned = this.targets.values().reduce((sum, target) => sum + target.abandonedDials, 0);
    fault(abandoned !== counters.abandonedDials, `${counters.abandonedDials} abandoned dials, not ${abandoned}`);

    const byBackend = new Map<Target["backend"], number>();
    for (const target of this.targets) {
      const live = this.clients.filter((client) => !client.over && client.target === target).length;
      const dialled = pending.filter((dial) => dial.target === target);
      const forNobody = dialled.filter(({ client }) => client.over || client.target !== null).length;
      const { abandonedDials, address, connectionsActive, backend } = target;
      fault(abandonedDials < forNobody || abandonedDials > dialled.length, `${address}: ${abandonedDials} abandoned`);
      const counted = live + dialled.length - abandonedDials;
      fault(connectionsActive !== counted, `${address}: ${connectionsActive} active, not ${counted}`);
      byBackend.set(backend, (byBackend.get(backend) ?? 0) + connectionsActive);
      fault(target.health !== null && !present.includes(target), `${address} is gone and checked`);
    }
    for (const [{ connectionsActive, plan }, sum] of byBackend) {
      fault(connectionsActive !== sum, `Backend ${plan.address}: ${connectionsActive} active, not ${sum}`);
    }

    let dialling = 0;
    let inLine = 0;
    for (const client of this.clients) {
      const { dialler, outcomes, id, over, target } = client;
      const waits = pool.waiters.has(dialler);
      const searching = !over && target === null;
      fault(outcomes.length > 1, `Client ${id} ended with ${outcomes.join()}`);
      fault(waits && !searching, `Client ${id} waits for nothing`);
      fault(searching && client.nextEntry === null, `Client ${id} has no deadline`);
      fault(!searching && client.nextEntry !== null, `Client ${id} has a deadline for nothing`);
      if (!searching) continue;
      if (!waits) {
        dialling++;
        fault(!pending.some((dial) => dial.client === client), `Client ${id} neither waits nor dials`);
        continue;
      }
      inLine++;
      let tier = Number.POSITIVE_INFINITY;
      for (const each of present) {
        if (dialler.tried?.has(each) !== true && stateOf(each, this.wheel.nowMs) === "usable") {
          tier = Math.min(tier, each.tier);
        }
      }
      const free = present.find(
        (each) =>
          each.tier === tier &&
          dialler.tried?.has(each) !== true &&
          stateOf(each, this.wheel.nowMs) === "usable" &&
          (each.backend.plan.maxConnections === 0 ||
            each.connectionsActive + each.abandonedDials < each.backend.plan.maxConnections),
      );
      fault(free !== undefined, `Client ${id} waits although ${free?.address} has room`);
    }
    fault(pool.waiters.size !== inLine, `${pool.waiters.size} wait, not ${inLine}`);
    const queued = pool.awaitsNames ? pool.queued <= inLine : pool.queued === inLine;
    fault(!queued || pool.queued < 0, `${pool.queued} are queued of ${inLine}`);
    const wanted = pending.length - counters.abandonedDials;
    fault(wanted < dialling || wanted > 2 * dialling, `${wanted} dials for ${dialling} clients`);
    fault(counters.besideDials !== wanted - dialling, `${counters.besideDials} dials beside others`);
    return faults;
  }
}

/** Whether anything but how many are connected keeps new connections from it; told from what was played, not by the pool. */
function stateOf(target: Target, nowMs: number): string {
  const { override, plan } = target.backend;
  if (override?.state === "down" || override?.state === "drain") return override.state;
  if ((override?.weight ?? plan.weight) === 0) return "without weight";
  if (override?.state === "up") return "usable";
  const status = target.health?.state.status;
  if (status === "down" || (status === "unknown" && target.wasDown)) return "down";
  return target.ejection.untilMs > nowMs ? "ejected" : "usable";
}

/** A socket of which only its end matters. */
function aborted(): Socket {
  const nobody: DialOwner = {
    opened() {},
    unreachable() {},
    received() {},
    writable() {},
    ended() {},
    closed() {},
    failed() {},
  };
  return {
    data: nobody,
    remoteAddress: undefined,
    remotePort: undefined,
    localAddress: undefined,
    localPort: undefined,
    write: (bytes: Uint8Array) => bytes.length,
    shutdown() {},
    end() {},
    terminate() {},
    pause() {},
    resume() {},
  };
}
