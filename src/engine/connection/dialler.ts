// Finds a backend for one client: picks a target, dials it, tries the next one when it fails, beside it one of the other
// address family when it is silent, and waits in the pool's queue or for a name when there is nothing to dial yet. Ends
// with one `dialled` or one `gaveUp`.

import { formatDuration } from "../../base/duration.ts";
import type { CloseReason } from "../../socket/close-reason.ts";
import type { Socket } from "../../socket/socket.ts";
import { Dial, type Dialling } from "./dial.ts";
import { isOwnShortage, refusalOf } from "./peer.ts";
import type { Ask, Pick, Pool } from "../pool/pool.ts";
import { LIMITED, type LimitName, type Refusal } from "../limit/refusal.ts";
import type { Route } from "../route.ts";
import type { Services } from "../services.ts";
import type { Target } from "../pool/target.ts";
import type { Waiter } from "../pool/waiting-line.ts";

/** Targets that share the connect timeout: with more, each would get too little of it for a slow but healthy one. */
const SHARED_ATTEMPTS = 3;

/**
 * The least an attempt is given, in milliseconds, unless that is more than half of what is left: one lost SYN is sent again
 * after a second.
 */
const LEAST_ATTEMPT_MS = 1_500;

/** How long an address of one family may be silent before one of the other is dialled beside it (RFC 8305, section 8). */
const BESIDE_MS = 250;

/**
 * The share of the connection limit that dials to one target may hold which were given up and cannot be cancelled: a target
 * that never answers must not use up what the others need.
 */
const ABANDONED_SHARE = 0.25;

/** A shortage of ours is reported once per interval, in milliseconds. */
const SHORTAGE_WARN_INTERVAL_MS = 10_000;

/** Who wants a backend. */
export interface DiallerOwner {
  /** A target accepted; it is entered. */
  dialled(target: Target, socket: Socket): void;
  /** `limit`: the one that was in the way, where one was. */
  gaveUp(reason: CloseReason, limit: LimitName | undefined): void;
  /** `dueMs` may be nearer than it was. */
  deadlineChanged(): void;
}

export class Dialler implements Dialling, Waiter, Ask {
  readonly sourceHash: number;
  /** When `expired` is to be called, in monotonic milliseconds. */
  dueMs = Number.POSITIVE_INFINITY;

  readonly #owner: DiallerOwner;
  readonly #route: Route;
  readonly #pool: Pool;
  readonly #services: Services;
  readonly #portOffset: number;
  /** When the connect timeout runs out; it begins anew when a place in the queue became free. */
  #budgetDueMs: number;
  #dial: Dial | null = null;
  /** To the other address family of the same name. */
  #beside: Dial | null = null;
  #tried: Set<Target> | null = null;
  #attempts = 0;
  #attemptBeganMs = 0;
  #attemptDueMs = Number.POSITIVE_INFINITY;
  #reason: CloseReason = "no-backend";
  #queued = false;
  #done = false;

  constructor(owner: DiallerOwner, route: Route, portOffset: number, sourceHash: number, services: Services) {
    this.#owner = owner;
    this.#route = route;
    this.#pool = route.pool;
    this.#portOffset = portOffset;
    this.#services = services;
    this.sourceHash = sourceHash;
    this.#budgetDueMs = this.#budget();
  }

  get tried(): ReadonlySet<Target> | null {
    return this.#tried;
  }

  get maxAbandoned(): number {
    return this.#services.counters.connectionLimit * ABANDONED_SHARE;
  }

  get nowMs(): number {
    return this.#services.wheel.nowMs;
  }

  /** Picks and dials the next target, or waits, or gives up. */
  next(): void {
    this.#follow(this.#pool.pick(this));
  }

  #follow(pick: Pick): void {
    if (pick === "none") this.#none();
    else if (pick === "full") this.#enqueue();
    else this.#dialTo(pick);
  }

  /** Nobody wants a backend any more. */
  cancel(): void {
    this.#done = true;
    this.#leaveQueue();
    for (const dial of [this.#dial, this.#beside]) if (dial !== null) this.#abandon(dial);
  }

  /** `dueMs` has passed. */
  expired(): void {
    const { nowMs } = this;
    if (this.#dial === null) {
      if (this.#queued) this.#limit(LIMITED["queue.timeout"]);
      else this.#giveUp(this.#reason);
    } else if (nowMs < this.#attemptDueMs) {
      this.#dialBeside(this.#dial.target);
    } else {
      const silent = [this.#dial, this.#beside].filter((dial) => dial !== null);
      const waited = formatDuration(Math.round((nowMs - this.#attemptBeganMs) / 100) * 100);
      for (const dial of silent) {
        dial.abandon();
        this.#blame(dial, "dial-timeout", `No answer within ${waited}`);
      }
      this.#again();
    }
  }

  // --- waiting ----------------------------------------------------------------------------------------------------

  turn(): boolean {
    const pick = this.#pool.pick(this);
    if (pick === "full" ? this.#queued : pick === "none" && this.#pool.awaitsNames) return false;
    // The time in the queue had a limit of its own.
    if (this.#queued) this.#budgetDueMs = this.#budget();
    this.#leaveQueue();
    // Not picked anew: the balancer has counted this one.
    this.#follow(pick);
    return true;
  }

  #enqueue(): void {
    const { size, timeoutMs } = this.#route.plan.limits.queue;
    if (this.#pool.queued >= size) return this.#limit(LIMITED["queue.size"]);
    this.#queued = true;
    this.#pool.queued++;
    this.#pool.wait(this);
    this.#setDue(timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs);
  }

  #leaveQueue(): void {
    this.#pool.leave(this);
    if (this.#queued) this.#pool.queued--;
    this.#queued = false;
  }

  #none(): void {
    if (this.#tried !== null || !this.#pool.awaitsNames) return this.#giveUp(this.#reason);
    this.#pool.wait(this);
    this.#setDue(this.#budgetDueMs);
  }

  // --- dialling ---------------------------------------------------------------------------------------------------

  #dialTo(target: Target): void {
    const dial = this.#begin(target);
    this.#dial = dial;
    this.#attemptBeganMs = this.nowMs;
    this.#attemptDueMs = this.#attemptDue();
    const besideDueMs = this.#pool.pickBeside(target, this) === undefined ? 0 : performance.now() + BESIDE_MS;
    this.#setDue(besideDueMs === 0 ? this.#attemptDueMs : Math.min(besideDueMs, this.#attemptDueMs));
    this.#services.runtime.connect(target.socketAddress(this.#portOffset), dial);
  }

  #dialBeside(silent: Target): void {
    const target = this.#beside === null && this.#mayTry() ? this.#pool.pickBeside(silent, this) : undefined;
    this.#setDue(this.#attemptDueMs);
    if (target === undefined) return;
    this.#beside = this.#begin(target);
    this.#services.runtime.connect(target.socketAddress(this.#portOffset), this.#beside);
  }

  #begin(target: Target): Dial {
    if (this.#attempts++ > 0) this.#route.retries++;
    target.enter();
    return new Dial(target, this, this.#pool, this.#services.counters);
  }

  reached(dial: Dial, socket: Socket): void {
    const { target } = dial;
    if (this.#pool.killsConnectionsOf(target)) {
      // It went down meanwhile, and those that were connected were killed.
      socket.terminate();
      this.#setAside(dial, "dial-failed");
      if (this.#dial === null) this.#again();
      return;
    }
    this.#done = true;
    const wasBeside = dial === this.#beside;
    this.#drop(dial);
    const slower = this.#dial;
    if (slower !== null) {
      this.#abandon(slower);
      if (wasBeside) this.#pool.failed(slower.target, "No answer before the other address family had answered");
    }
    this.#pool.reached(target);
    this.#owner.dialled(target, socket);
  }

  failedToReach(dial: Dial, error: Error): void {
    if (isOwnShortage(error) || this.#services.runtime.descriptorsExhausted()) this.#excuse(dial, error);
    else this.#blame(dial, refusalOf(error), error.message);
    if (this.#dial === null) this.#again();
  }

  #again(): void {
    if (this.#done) return;
    if (this.#mayTry() && performance.now() < this.#budgetDueMs) this.next();
    else this.#giveUp(this.#reason);
  }

  #mayTry(): boolean {
    return this.#attempts < this.#pool.plan.dial.attempts;
  }

  /** The target has failed this client. */
  #blame(dial: Dial, reason: CloseReason, why: string): void {
    const { target } = dial;
    const { address, backend } = target;
    if (target.failed(why, performance.now())) {
      const fields = { route: this.#route.plan.name, backend: backend.plan.address, address, reason };
      this.#services.log.write("warn", "dial-failed", `Cannot reach backend "${backend.plan.address}": ${why}`, fields);
    }
    this.#pool.failed(target, why);
    this.#setAside(dial, reason);
  }

  /** It was this machine that failed: that says nothing about the target. */
  #excuse(dial: Dial, error: Error): void {
    const { log, counters } = this.#services;
    const nowMs = performance.now();
    if (nowMs - counters.shortageWarnedMs > SHORTAGE_WARN_INTERVAL_MS) {
      counters.shortageWarnedMs = nowMs;
      log.write("warn", "dial-shortage", `Cannot dial: no descriptor or no local port is left (${error.message})`);
    }
    this.#setAside(dial, "dial-failed");
  }

  #setAside(dial: Dial, reason: CloseReason): void {
    this.#reason = reason;
    this.#tried ??= new Set();
    this.#tried.add(dial.target);
    this.#drop(dial);
    this.#pool.left(dial.target);
  }

  #abandon(dial: Dial): void {
    dial.abandon();
    this.#drop(dial);
    this.#pool.left(dial.target);
  }

  /** Nobody waits for it; one that is beside it takes its place. */
  #drop(dial: Dial): void {
    if (dial === this.#dial) this.#dial = this.#beside;
    this.#beside = null;
  }

  #giveUp(reason: CloseReason, limit?: LimitName): void {
    this.cancel();
    this.#owner.gaveUp(reason, limit);
  }

  #limit({ reason, limit }: Refusal): void {
    this.#giveUp(reason, limit);
  }

  // --- time -------------------------------------------------------------------------------------------------------

  #setDue(dueMs: number): void {
    this.dueMs = dueMs;
    this.#owner.deadlineChanged();
  }

  #budget(): number {
    const { connectMs } = this.#route.plan.timeouts;
    return connectMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + connectMs;
  }

  /** What is set for an attempt, or an equal part of what is left, so that a silent target leaves time for the next one. */
  #attemptDue(): number {
    const { attemptMs, attempts } = this.#pool.plan.dial;
    const dueMs = this.#budgetDueMs;
    const nowMs = performance.now();
    if (attemptMs !== 0) return Math.min(dueMs, nowMs + attemptMs);
    if (dueMs === Number.POSITIVE_INFINITY) return dueMs;
    const atMost = Math.min(SHARED_ATTEMPTS, attempts - this.#attempts + 1);
    const shares = this.#pool.remaining(this.#tried, nowMs, atMost);
    const leftMs = dueMs - nowMs;
    return shares <= 1 ? dueMs : nowMs + Math.max(leftMs / shares, Math.min(LEAST_ATTEMPT_MS, leftMs / 2));
  }
}
