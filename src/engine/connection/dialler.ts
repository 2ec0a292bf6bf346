// Finds a backend for one client: picks a target, dials it, tries the next one when it fails, beside it one of the other
// address family when it is silent, and waits in the pool's queue or for a name when there is nothing to dial yet. Ends
// with one `dialled` or one `gaveUp`.

import { hashSource } from "../../base/hash.ts";
import { parseIp } from "../../base/ip.ts";
import type { CloseReason } from "../../socket/close-reason.ts";
import type { Socket } from "../../socket/socket.ts";
import { abandonedLimit, room } from "./connection-limit.ts";
import { Dial, type Dialling } from "./dial.ts";
import { reportFailure, reportShortage } from "./dial-report.ts";
import { BESIDE_MS, DialTime, SHARED_ATTEMPTS } from "./dial-time.ts";
import { isOwnShortage } from "../../runtime/own-shortage.ts";
import type { DiallerOwner, DialWish } from "./dial-wish.ts";
import { FailedTargets } from "./failed-targets.ts";
import { isStillTaken, nextPool } from "./next-pool.ts";
import { dialFailure, refusalOf } from "./peer.ts";
import type { Ask, Pick } from "../pool/chooser.ts";
import type { Pool } from "../pool/pool.ts";
import { LIMITED, type Refusal, ROUTE_CHANGED } from "../limit/refusal.ts";
import type { Services } from "../services.ts";
import type { Target } from "../pool/target.ts";
import type { Waiter } from "../pool/waiting-line.ts";

export class Dialler implements Dialling, Waiter, Ask {
  /** Its place in the line, once it had one: it keeps it when a dial out of the line fails. */
  arrival = 0;
  /** When `expired` is to be called, in monotonic milliseconds. */
  dueMs = Number.POSITIVE_INFINITY;

  readonly #owner: DiallerOwner;
  readonly #wish: DialWish;
  /** Another one once the first has left the plan. */
  #pool: Pool;
  readonly #services: Services;
  readonly #time: DialTime;
  #dial: Dial | null = null;
  /** To the other address family of the same name. */
  #beside: Dial | null = null;
  #failed: FailedTargets | null = null;
  #attempts = 0;
  #reason: CloseReason = "no-backend";
  #queued = false;
  /** When its time in the queue runs out; 0: it has not been there. */
  #queueDueMs = 0;
  #done = false;

  constructor(owner: DiallerOwner, wish: DialWish, services: Services) {
    this.#owner = owner;
    this.#wish = wish;
    this.#pool = wish.pool;
    this.#services = services;
    this.#time = new DialTime(wish.route.plan.timeouts.connectMs);
  }

  get tried(): ReadonlySet<Target> | null {
    return this.#failed === null ? null : this.#failed.all;
  }

  /** Of the client's address, where the balancer wants it; a reload may bring one that does. */
  get sourceHash(): number {
    return this.#pool.plan.balance === "source-hash" ? hashSource(parseIp(this.#owner.clientHost) ?? 0) : 0;
  }

  get maxAbandoned(): number {
    return abandonedLimit(this.#services.counters.connectionLimit);
  }

  get nowMs(): number {
    return this.#services.wheel.nowMs;
  }

  /** Picks and dials the next target, or waits, or gives up. */
  next(): void {
    const { pinned } = this.#wish;
    if (pinned === null && this.#pool.closed) this.#changePool();
    else if (pinned === null) this.#follow(this.#pool.pick(this));
    else if (this.#attempts === 0) this.#dialTo(pinned);
    else this.#giveUp({ reason: this.#reason });
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
    if (this.#dial === null) {
      this.#giveUp(this.#queued ? LIMITED["queue.timeout"] : { reason: this.#reason });
    } else if (this.nowMs < this.#time.attemptDueMs) {
      this.#dialBeside(this.#dial.target);
    } else {
      const silent = [this.#dial, this.#beside].filter((dial) => dial !== null);
      for (const dial of silent) {
        dial.abandon();
        this.#blame(dial, "dial-timeout", `No answer within ${this.#time.waited(this.nowMs)}`);
      }
      this.#again();
    }
  }

  turn(): boolean {
    if (this.#pool.closed) {
      this.#changePool();
      return true;
    }
    this.#forgive();
    const pick = this.#pool.pick(this);
    if (pick === "full" ? this.#queued : pick === "none" && this.#pool.awaitsNames) return false;
    // The time in the queue had a limit of its own.
    if (this.#queued) this.#time.restart();
    this.#leaveQueue();
    // Not picked anew: the balancer has counted this one.
    this.#follow(pick);
    return true;
  }

  /** The pool has left the plan: what was true of its targets and its line is nothing to another one. */
  #changePool(): void {
    if (this.#queued) this.#time.restart();
    this.#leaveQueue();
    this.#turnTo(nextPool(this.#wish, this.#owner.clientHost, this.#reason));
  }

  #turnTo(pool: Pool | Refusal): void {
    if ("reason" in pool) return this.#giveUp(pool);
    this.#pool = pool;
    this.#failed = null;
    this.arrival = 0;
    this.#follow(pool.pick(this));
  }

  #enqueue(): void {
    const { size, timeoutMs } = this.#wish.route.plan.limits.queue;
    if (this.#queueDueMs === 0) {
      if (this.#pool.queued >= size) return this.#giveUp(LIMITED["queue.size"]);
      this.#queueDueMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
    }
    this.#queued = true;
    this.#pool.queued++;
    this.#wait(this.#queueDueMs);
  }

  #leaveQueue(): void {
    this.#pool.leave(this);
    if (this.#queued) this.#pool.queued--;
    this.#queued = false;
  }

  #none(): void {
    if (this.tried !== null || !this.#pool.awaitsNames) return this.#giveUp({ reason: this.#reason });
    this.#wait(this.#time.dueMs);
  }

  #wait(dueMs: number): void {
    if (this.arrival === 0) this.arrival = this.#pool.arrive();
    this.#pool.wait(this);
    this.#setDue(dueMs);
  }

  /** Targets that have been reached since they failed this client are open to it again. */
  #forgive(): void {
    if (this.#failed === null || !this.#failed.forgivable) return;
    this.#pool.leave(this);
    this.#failed.forgive();
    this.#pool.wait(this);
  }

  #dialTo(target: Target): void {
    if (!isStillTaken(this.#wish, this.#owner.clientHost)) return this.#giveUp(ROUTE_CHANGED);
    const dial = this.#begin(target);
    if (dial === undefined) return this.#giveUp({ reason: "dial-failed", detail: "TLS to backends cannot be used" });
    this.#dial = dial;
    const { dial: spec } = this.#pool.plan;
    const targets = this.#pool.remaining(this, Math.min(SHARED_ATTEMPTS, spec.attempts - this.#attempts + 1));
    this.#time.beginAttempt(spec, targets);
    const alone = this.#wish.pinned !== null || this.#pool.pickBeside(target, this) === undefined;
    const besideDueMs = alone ? Number.POSITIVE_INFINITY : performance.now() + BESIDE_MS;
    this.#setDue(Math.min(besideDueMs, this.#time.attemptDueMs));
    this.#services.runtime.connect(target.socketAddress(this.#wish.portOffset), dial);
  }

  #dialBeside(silent: Target): void {
    this.#setDue(this.#time.attemptDueMs);
    // It is a descriptor that nobody has counted on.
    if (this.#beside !== null || !this.#mayTry() || room(this.#services) <= 0) return;
    const target = this.#pool.pickBeside(silent, this);
    if (target === undefined) return;
    const dial = this.#begin(target);
    if (dial === undefined) return;
    this.#beside = dial;
    this.#services.counters.besideDials++;
    this.#services.runtime.connect(target.socketAddress(this.#wish.portOffset), dial);
  }

  /** `undefined`: the target must not be spoken to in the clear, and cannot be in TLS. */
  #begin(target: Target): Dial | undefined {
    const introduction = this.#owner.introduce(target, this.#pool);
    if (introduction === undefined) return undefined;
    if (this.#attempts++ > 0) this.#wish.route.retries++;
    target.enter();
    return new Dial(target, this, this.#pool, this.#services.counters, introduction);
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
      if (wasBeside) this.#pool.wasSlow(slower.target);
    }
    this.#pool.reached(target);
    this.#owner.dialled(target, this.#pool, socket);
  }

  failedToReach(dial: Dial, error: Error): void {
    if (isOwnShortage(error) || this.#services.runtime.descriptorsExhausted()) {
      // It was this machine that failed: that says nothing about the target.
      reportShortage(this.#services, error);
      this.#setAside(dial, "dial-failed");
    } else {
      this.#blame(dial, refusalOf(error), dialFailure(error));
    }
    if (this.#dial === null) this.#again();
  }

  #again(): void {
    if (this.#done) return;
    if (this.#mayTry() && this.#time.left) this.next();
    else this.#giveUp({ reason: this.#reason });
  }

  #mayTry(): boolean {
    return this.#attempts < this.#pool.plan.dial.attempts;
  }

  /** The target has failed this client. */
  #blame(dial: Dial, reason: CloseReason, why: string): void {
    reportFailure(this.#services, this.#wish.route.plan.name, dial.target, reason, why);
    this.#pool.failed(dial.target, why);
    this.#setAside(dial, reason);
  }

  #setAside(dial: Dial, reason: CloseReason): void {
    this.#reason = reason;
    (this.#failed ??= new FailedTargets()).add(dial.target);
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
    if (this.#beside !== null) this.#services.counters.besideDials--;
    if (dial === this.#dial) this.#dial = this.#beside;
    this.#beside = null;
  }

  /** The pool has nobody for the client. */
  #giveUp(refusal: Refusal): void {
    this.cancel();
    const next = this.#wish.course?.next(refusal) ?? refusal;
    if ("reason" in next) return this.#owner.gaveUp(next);
    this.#done = false;
    this.#attempts = 0;
    this.#queueDueMs = 0;
    this.#reason = "no-backend";
    this.#time.restart();
    this.#turnTo(next);
  }

  #setDue(dueMs: number): void {
    this.dueMs = dueMs;
    this.#owner.deadlineChanged();
  }
}
