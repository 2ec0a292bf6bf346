// A pool whose surroundings a test plays: clients, dials that settle when it says so, checks, names and time. It keeps its
// own account of all that, for comparing the pool with it.

import { spyOn } from "bun:test";
import { TICK_MS, TimerWheel } from "../../src/base/timer-wheel.ts";
import { Dial } from "../../src/engine/connection/dial.ts";
import { Internals } from "../../src/engine/internals.ts";
import type { Target } from "../../src/engine/pool/target.ts";
import { Route } from "../../src/engine/route.ts";
import type { Services } from "../../src/engine/services.ts";
import type { PoolPlan } from "../../src/plan/plan.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { SocketAddress } from "../../src/runtime/runtime.ts";
import type { DialOwner, Socket } from "../../src/socket/socket.ts";
import { ManualClock } from "./manual-clock.ts";
import { PlayedMonitor } from "./played-monitor.ts";
import { PlayedResolver } from "./played-resolver.ts";
import { dialFaults, type PendingDial, type PlayedPool, poolFaults } from "./pool-account.ts";
import { PoolClient } from "./pool-client.ts";
import { RecordedLog } from "./recorded-log.ts";
import { WatchedPool } from "./watched-pool.ts";

export class PoolScene implements PlayedPool, Disposable {
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
      unrouted: new Map(),
      greeting: 0,
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
        pools: [{ pool: "db", weight: 1 }],
        protocol: "tcp",
        timeouts: { connectMs: 5_000, idleMs: 0, halfCloseMs: 0, lifetimeMs: 0, helloMs: 5000 },
        limits: { connections: 0, queue: { size: this.queueSize, timeoutMs: 3_000 } },
      },
      [this.pool],
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
      instance: "scene",
      receptions: new Set(),
      counters: this.counters,
      monitor: this.monitor,
      internals: new Internals(),
      geo: null,
    };
    this.wheel.hold();
    const client = new PoolClient(id, this.pool, route, services);
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

  /** Compares the pool with the account; after every step. */
  check(): string[] {
    this.noteTargets();
    this.faults.push(...poolFaults(this));
    return this.faults;
  }

  #connect(client: PoolClient, address: SocketAddress, owner: DialOwner): void {
    if (!(owner instanceof Dial)) throw new Error("Not a dial");
    const dial = { client, target: owner.target, owner };
    client.attempts++;
    this.faults.push(...dialFaults(this, dial, address));
    this.dials.add(dial);
  }
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
