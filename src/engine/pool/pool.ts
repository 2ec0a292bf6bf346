// A pool as it runs: which target a connection gets, who has to wait for one, and what follows when a target fails or
// comes back. Its backends know their targets; how one is chosen among the usable is its balancer's business.

import { isDeepStrictEqual } from "node:util";
import type { TimerWheel } from "../../base/timer-wheel.ts";
import type { Log } from "../../observe/log.ts";
import type { PoolPlan } from "../../plan/plan.ts";
import { Backend, type BackendOwner } from "./backend.ts";
import { balancerOf } from "../balance/balancer.ts";
import type { Balancer } from "../balance/candidate.ts";
import type { HealthMonitor } from "../health/monitor.ts";
import type { HealthStatus } from "../health/rise-fall.ts";
import type { Resolver } from "../resolve/resolver.ts";
import type { OverrideSettings } from "../snapshot.ts";
import { TargetChecks } from "./target-checks.ts";
import type { Target } from "./target.ts";
import { type Waiter, WaitingLine } from "./waiting-line.ts";

/** What pools share. */
export interface PoolServices {
  readonly resolver: Resolver;
  readonly monitor: HealthMonitor;
  readonly log: Log;
  readonly wheel: TimerWheel;
  /** A target went down whose live connections are to be killed. */
  targetDown(target: Target): void;
}

/** What a connection asks a pool for a target with. */
export interface Ask {
  /** Targets that it has tried. */
  readonly tried: ReadonlySet<Target> | null;
  /** A target with so many unsettled dials gets no more. */
  readonly maxAbandoned: number;
  readonly sourceHash: number;
  readonly nowMs: number;
}

/** A target; `full`: those that could be used have as many connections as they may; `none`: there is nothing to use. */
export type Pick = Target | "full" | "none";

export class Pool implements BackendOwner {
  readonly name: string;
  /** How many of the waiting wait for a place at a full target. */
  queued = 0;

  #plan: PoolPlan;
  #balancer: Balancer;
  #backends: readonly Backend[] = [];
  /** Of all backends, the lowest tier first. */
  #targets: readonly Target[] = [];
  readonly #candidates: Target[] = [];
  readonly #line: WaitingLine;
  readonly #checks: TargetChecks;
  readonly #services: PoolServices;

  constructor(plan: PoolPlan, services: PoolServices) {
    this.name = plan.name;
    this.#plan = plan;
    this.#balancer = balancerOf(plan.balance);
    this.#services = services;
    this.#checks = new TargetChecks(services.monitor, (target, status) => this.#healthChanged(target, status));
    this.#line = new WaitingLine(services.wheel, () => this.#nextEjectionEndMs());
    this.update(plan);
  }

  get plan(): PoolPlan {
    return this.#plan;
  }

  get backends(): readonly Backend[] {
    return this.#backends;
  }

  /** Takes over a new plan; backends that are still in it keep their targets, state and connections. */
  update(plan: PoolPlan): void {
    const checksChanged = !isDeepStrictEqual(this.#plan.health, plan.health);
    this.#plan = plan;
    this.#balancer = balancerOf(plan.balance);
    const before = new Map(this.#backends.map((backend) => [backend.plan.address, backend]));
    this.#backends = plan.targets.map((targetPlan) => {
      const known = before.get(targetPlan.address);
      before.delete(targetPlan.address);
      return known ?? new Backend(targetPlan, this);
    });
    this.#backends.forEach((backend, index) => {
      const targetPlan = plan.targets[index];
      if (targetPlan !== undefined) backend.update(targetPlan, this.#services.resolver, plan.resolveIntervalMs);
    });
    for (const backend of before.values()) this.#release(backend);
    this.#refresh(checksChanged);
    this.#line.wake();
  }

  /** Stops look-ups and checks. Connections that hold targets of this pool are not touched. */
  close(): void {
    for (const backend of this.#backends) this.#release(backend);
    this.#backends = [];
    this.#targets = [];
    this.#line.wake();
  }

  /** What was set by hand for a backend, as written; `undefined`: nothing. */
  setOverride(address: string, settings: OverrideSettings | undefined): void {
    const backend = this.#backends.find((each) => each.plan.address === address);
    if (backend === undefined || isDeepStrictEqual(backend.override, settings)) return;
    const wasDown = backend.override?.state === "down";
    backend.override = settings;
    const nowMs = performance.now();
    for (const target of backend.targets) {
      if (settings?.state === "down" && this.#plan.onDown === "kill") this.#services.targetDown(target);
      if (wasDown) target.recovered(nowMs);
    }
    this.#line.wake();
  }

  // --- choosing ---------------------------------------------------------------------------------------------------

  /** The target that a connection dials next. */
  pick(ask: Ask): Pick {
    const candidates = this.#candidates;
    candidates.length = 0;
    const { tried, maxAbandoned, nowMs } = ask;
    let tier = 0;
    let full = false;
    for (const target of this.#targets) {
      // Tiers are in order: a higher one counts only when a lower one has nothing, not even a place to wait for.
      if (target.tier !== tier) {
        if (full || candidates.length > 0) break;
        tier = target.tier;
      }
      if (tried?.has(target) === true || target.abandonedDials >= maxAbandoned) continue;
      const state = target.state(nowMs);
      if (state === "up") candidates.push(target);
      else if (state === "full") full = true;
    }
    const [only] = candidates;
    if (only === undefined) return full ? "full" : "none";
    if (candidates.length === 1) return only;
    for (const target of candidates) target.weigh(nowMs, this.#plan.slowStartMs);
    return this.#balancer(candidates, ask.sourceHash) ?? "none";
  }

  /** The target of the other address family that may be dialled beside a silent one (RFC 8305). */
  pickBeside(silent: Target, ask: Ask): Target | undefined {
    if (silent.backend.targets.length === 1) return undefined;
    return silent.backend.targets.find(
      (target) =>
        target.isOtherFamilyOf(silent) &&
        ask.tried?.has(target) !== true &&
        target.abandonedDials < ask.maxAbandoned &&
        target.state(ask.nowMs) === "up" &&
        // The backend may have left the plan while it was silent.
        this.#targets.includes(target),
    );
  }

  /** How many targets a connection could still dial, up to `atMost`. */
  remaining(tried: ReadonlySet<Target> | null, nowMs: number, atMost: number): number {
    let count = 0;
    for (const target of this.#targets) {
      if (tried?.has(target) === true || target.state(nowMs) !== "up") continue;
      if (++count >= atMost) break;
    }
    return count;
  }

  // --- waiting ----------------------------------------------------------------------------------------------------

  /** Whether a name was never answered, so that there may be targets soon. */
  get awaitsNames(): boolean {
    return this.#backends.some((backend) => backend.unanswered);
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
    this.#line.wakeNext();
  }

  settledLate(): void {
    this.#line.wakeNext();
  }

  // --- what targets do --------------------------------------------------------------------------------------------

  /** Whether connections of this target are not to live now. */
  killsConnectionsOf(target: Target): boolean {
    return this.#plan.onDown === "kill" && target.state(this.#services.wheel.nowMs) === "down";
  }

  /** A target accepted a connection. */
  reached(target: Target): void {
    target.reached();
    if (this.#plan.passive?.earlyResetMs === 0) this.#succeeded(target);
  }

  /**
   * A connection of a target ended. `unansweredMs`: for how long it had lived when the backend reset it without having
   * sent a byte; -1 when that is not how it ended.
   */
  ended(target: Target, unansweredMs: number): void {
    const earlyResetMs = this.#plan.passive?.earlyResetMs ?? 0;
    if (earlyResetMs !== 0) {
      if (unansweredMs >= 0 && unansweredMs <= earlyResetMs) this.failed(target, "Reset without an answer");
      else this.#succeeded(target);
    }
    this.left(target);
  }

  /** A target failed a client. Ejects it when it has done so often enough and others are left. */
  failed(target: Target, why: string): void {
    const { passive } = this.#plan;
    // One silent port says nothing of the others of a range.
    if (passive === undefined || target.ranged) return;
    const nowMs = performance.now();
    if (target.ejection.untilMs > nowMs || !target.ejection.failed(passive, nowMs)) return;
    const others = this.#targets.some((other) => other !== target && isUsable(other, nowMs));
    if (!others && !passive.ejectLast) return;
    const forMs = target.ejection.eject(passive, nowMs) - nowMs;
    target.ejectedFor = why;
    target.backend.ejections++;
    const { address, backend } = target;
    const seconds = Math.round(forMs / 1000);
    const message = `Backend "${backend.plan.address}" is ejected for ${seconds} s: ${why}`;
    this.#services.log.write("warn", "backend-ejected", message, {
      route: this.name,
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
    for (const { ejection } of this.#targets) if (ejection.untilMs > nowMs) dueMs = Math.min(dueMs, ejection.untilMs);
    return dueMs;
  }

  #succeeded(target: Target): void {
    target.ejection.succeeded(this.#services.wheel.nowMs);
  }

  targetsChanged(_backend: Backend, gone: readonly Target[]): void {
    for (const target of gone) this.#checks.stop(target);
    this.#refresh(false);
    this.#line.wake();
  }

  #refresh(checksChanged: boolean): void {
    this.#targets = this.#backends.flatMap((backend) => backend.targets).toSorted((a, b) => a.tier - b.tier);
    this.#checks.update(this.#targets, this.#plan.health, checksChanged);
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

function isUsable(target: Target, nowMs: number): boolean {
  const state = target.state(nowMs);
  return state === "up" || state === "full";
}
