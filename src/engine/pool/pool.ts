// A pool as it runs: which target a connection gets, who has to wait for one, and what follows when a target fails or
// comes back. Its backends know their targets; how one is chosen among the usable is its balancer's business.

import { isDeepStrictEqual } from "node:util";
import type { TimerWheel } from "../../base/timer-wheel.ts";
import type { Log } from "../../observe/log.ts";
import type { PoolPlan } from "../../plan/plan.ts";
import { Backend, type BackendOwner } from "./backend.ts";
import type { HealthMonitor } from "../health/monitor.ts";
import type { HealthStatus } from "../health/rise-fall.ts";
import type { Resolver } from "../resolve/resolver.ts";
import type { OverrideSettings } from "../snapshot.ts";
import { type Ask, Chooser, type Pick } from "./chooser.ts";
import { ClientTls } from "../tls-contexts.ts";
import { checksOf, TargetChecks } from "./target-checks.ts";
import type { Target } from "./target.ts";
import { type Waiter, WaitingLine } from "./waiting-line.ts";

/** How long a target that was slower than the other address family comes second, in milliseconds. */
const SLOW_MEMORY_MS = 60_000;

/** What pools share. */
export interface PoolServices {
  readonly resolver: Resolver;
  readonly monitor: HealthMonitor;
  readonly log: Log;
  readonly wheel: TimerWheel;
  /** A target went down whose live connections are to be killed. */
  targetDown(target: Target): void;
}

export class Pool implements BackendOwner {
  readonly name: string;
  /** How many of the waiting wait for a place at a full target. */
  queued = 0;

  #plan: PoolPlan;
  /** By their addresses as written, in the order of the plan. */
  #backends: ReadonlyMap<string, Backend> = new Map();
  /** Not in the plan any more, but with live connections. */
  readonly #gone = new Map<string, Backend>();
  #updating = false;
  #closed = false;
  /** Its targets are spoken to in TLS with this. */
  readonly tls = new ClientTls();
  readonly #chooser: Chooser;
  readonly #line: WaitingLine;
  readonly #checks: TargetChecks;
  readonly #services: PoolServices;

  constructor(plan: PoolPlan, services: PoolServices) {
    this.name = plan.name;
    this.#plan = plan;
    this.#chooser = new Chooser(plan);
    this.#services = services;
    this.#checks = new TargetChecks(services.monitor, (target, status) => this.#healthChanged(target, status));
    this.#line = new WaitingLine(services.wheel, () => this.#nextEjectionEndMs());
    this.update(plan);
  }

  get plan(): PoolPlan {
    return this.#plan;
  }

  /** No plan has it any more: whoever waits for it waits for nothing. */
  get closed(): boolean {
    return this.#closed;
  }

  /** In the order of the plan. */
  get backends(): readonly Backend[] {
    return [...this.#backends.values()];
  }

  /** Takes over a new plan; backends that are still in it keep their targets, state and connections. */
  update(plan: PoolPlan): void {
    const checksChanged = !isDeepStrictEqual(checksOf(this.#plan), checksOf(plan));
    this.#plan = plan;
    this.#chooser.follow(plan);
    const before = this.#backends;
    this.#backends = new Map(
      plan.targets.map((targetPlan) => {
        const { address } = targetPlan;
        return [address, before.get(address) ?? this.#gone.get(address) ?? new Backend(targetPlan, this)];
      }),
    );
    this.#updating = true;
    for (const targetPlan of plan.targets) {
      const { resolver } = this.#services;
      this.#backends.get(targetPlan.address)?.update(targetPlan, resolver, plan.resolveIntervalMs);
    }
    this.#updating = false;
    this.#keepGone(before);
    if (plan.passive === undefined) for (const backend of this.#backends.values()) backend.liftEjections();
    this.#refresh(checksChanged);
    this.#line.wake();
  }

  /** A backend that left with connections is the same one when it is back. */
  #keepGone(before: ReadonlyMap<string, Backend>): void {
    for (const [address, backend] of before) if (!this.#backends.has(address)) this.#gone.set(address, backend);
    for (const [address, backend] of this.#gone) {
      const isBack = this.#backends.has(address);
      if (!isBack) this.#release(backend);
      if (isBack || backend.connectionsActive === 0) this.#gone.delete(address);
    }
  }

  /** Stops look-ups and checks. Connections that hold targets of this pool are not touched. */
  close(): void {
    this.#closed = true;
    for (const backend of this.#backends.values()) this.#release(backend);
    this.#backends = new Map();
    this.#chooser.use([]);
    this.#line.wake();
  }

  /** What was set by hand for a backend, as written; `undefined`: nothing. */
  setOverride(address: string, settings: OverrideSettings | undefined): void {
    // One that is gone may come back, and must not bring with it what was taken back meanwhile.
    const backend = this.#backends.get(address) ?? this.#gone.get(address);
    if (backend === undefined || isDeepStrictEqual(backend.override, settings)) return;
    const wasDown = backend.override?.state === "down";
    backend.override = settings;
    const nowMs = performance.now();
    for (const target of backend.targets) {
      if (settings?.state === "down" && this.#plan.onDown === "kill") this.#services.targetDown(target);
      if (wasDown) target.recovered(nowMs);
    }
    this.#chooser.forgetCredit();
    this.#line.wake();
  }

  // --- choosing ---------------------------------------------------------------------------------------------------

  /** The target that a connection dials next. One whose family was slow lately gives way to the other. */
  pick(ask: Ask): Pick {
    const pick = this.#chooser.pick(ask);
    if (typeof pick === "string" || pick.slowUntilMs <= ask.nowMs) return pick;
    const other = this.#chooser.pickBeside(pick, ask);
    return other === undefined || other.slowUntilMs > ask.nowMs ? pick : other;
  }

  /** The target of the other address family that may be dialled beside a silent one (RFC 8305). */
  pickBeside(silent: Target, ask: Ask): Target | undefined {
    return this.#chooser.pickBeside(silent, ask);
  }

  /** How many targets a connection could still dial, up to `atMost`. */
  remaining(ask: Ask, atMost: number): number {
    return this.#chooser.remaining(ask, atMost);
  }

  // --- waiting ----------------------------------------------------------------------------------------------------

  /** Whether a name was never answered, so that there may be targets soon. */
  get awaitsNames(): boolean {
    return this.#backends.values().some((backend) => backend.unanswered);
  }

  /** The next place in the line. */
  arrive(): number {
    return this.#line.arrive();
  }

  wait(waiter: Waiter): void {
    this.#line.add(waiter);
  }

  leave(waiter: Waiter): void {
    this.#line.remove(waiter);
  }

  /** A connection of a target was given up while it was being dialled. */
  left(target: Target): void {
    target.leave();
    this.#offer(target);
  }

  settledLate(target: Target): void {
    this.#offer(target);
  }

  #offer(target: Target): void {
    if (!this.#line.isEmpty) this.#line.offer(target, () => target.state(this.#services.wheel.nowMs) === "up");
  }

  // --- what targets do --------------------------------------------------------------------------------------------

  /** Whether connections of this target are not to live now. */
  killsConnectionsOf(target: Target): boolean {
    return this.#plan.onDown === "kill" && target.state(this.#services.wheel.nowMs) === "down";
  }

  /** A target accepted a connection. */
  reached(target: Target): void {
    const isBack = target.lastError !== undefined;
    target.reached(this.#services.wheel.nowMs);
    if (this.#plan.passive?.earlyResetMs === 0) target.ejection.succeeded(this.#services.wheel.nowMs);
    // Whoever has tried it and waits for another may try it again.
    if (isBack) this.#line.wake();
  }

  /** A target was silent while one of the other family answered: for a while that one is dialled first. */
  wasSlow(target: Target): void {
    target.slowUntilMs = this.#services.wheel.nowMs + SLOW_MEMORY_MS;
  }

  /** A connection of a target ended, `livedMs` after it was reached. */
  ended(target: Target, livedMs: number, { answered, reset }: { answered: boolean; reset: boolean }): void {
    const earlyResetMs = this.#plan.passive?.earlyResetMs ?? 0;
    if (earlyResetMs !== 0) {
      // What ends early for another reason, a client that hung up, says nothing.
      if (answered || livedMs > earlyResetMs) target.ejection.succeeded(this.#services.wheel.nowMs);
      else if (reset) this.failed(target, "Reset without an answer");
    }
    this.left(target);
  }

  /** A target failed a client. Ejects it when it has done so often enough and others are left. */
  failed(target: Target, why: string): void {
    const { passive } = this.#plan;
    // One silent port says nothing of the others of a range.
    if (passive === undefined || target.ranged) return;
    const nowMs = performance.now();
    if (target.survivedSince(nowMs - passive.earlyResetMs)) target.ejection.succeeded(nowMs);
    target.soundSinceMs = 0;
    if (target.ejection.untilMs > nowMs || !target.ejection.failed(passive, nowMs)) return;
    if (!passive.ejectLast && !this.#chooser.hasOthers(target, nowMs)) return;
    const forMs = target.ejection.eject(passive, nowMs) - nowMs;
    target.ejectedFor = why;
    target.backend.ejections++;
    const { address, backend } = target;
    const seconds = Math.round(forMs / 1000);
    const message = `Backend "${backend.plan.address}" is ejected for ${seconds} s: ${why}`;
    this.#services.log.write("warn", "backend-ejected", message, {
      route: this.#plan.route,
      backend: backend.plan.address,
      address,
      seconds,
      reason: why,
    });
    this.#line.wake();
  }

  #nextEjectionEndMs(): number {
    const { nowMs } = this.#services.wheel;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const { ejection } of this.#chooser.targets)
      if (ejection.untilMs > nowMs) dueMs = Math.min(dueMs, ejection.untilMs);
    return dueMs;
  }

  targetsChanged(_backend: Backend, gone: readonly Target[]): void {
    for (const target of gone) this.#checks.stop(target);
    if (this.#updating) return;
    this.#refresh(false);
    this.#line.wake();
  }

  #refresh(checksChanged: boolean): void {
    this.#chooser.use(this.backends.flatMap((backend) => backend.targets));
    this.#checks.update(this.#chooser.targets, this.#plan, checksChanged);
  }

  #healthChanged(target: Target, status: HealthStatus): void {
    const nowMs = performance.now();
    if (status === "up") {
      target.ejection.lift();
      target.recovered(nowMs);
    } else if (status === "down" && this.#plan.onDown === "kill" && target.backend.override?.state !== "up") {
      this.#services.targetDown(target);
    }
    this.#line.wake();
  }

  #release(backend: Backend): void {
    backend.close();
    for (const target of backend.targets) this.#checks.stop(target);
  }
}
