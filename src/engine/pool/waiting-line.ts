// Who waits for a target of one pool, first come, first served, and when they have a turn. What a turn comes to is the
// waiter's business; which target there is, the pool's.

import { type TimerWheel, WheelEntry } from "../../base/timer-wheel.ts";

/** Somebody who waits for a target. */
export interface Waiter {
  /** Targets that are not for it any more; `null`: every one is open to it. */
  readonly tried: ReadonlySet<unknown> | null;
  /** Has its turn; false: it goes on waiting. */
  turn(): boolean;
}

export class WaitingLine extends WheelEntry {
  readonly #waiting = new Set<Waiter>();
  /** How many of them have tried some targets; that does not change while they wait. */
  #picky = 0;
  readonly #wheel: TimerWheel;
  readonly #nextEndMs: () => number;

  /** `nextEndMs`: when the next ejection ends, in monotonic milliseconds: nothing else would tell those who wait. */
  constructor(wheel: TimerWheel, nextEndMs: () => number) {
    super();
    this.#wheel = wheel;
    this.#nextEndMs = nextEndMs;
  }

  add(waiter: Waiter): void {
    this.#waiting.add(waiter);
    if (waiter.tried !== null) this.#picky++;
    this.#awaitEnd();
  }

  remove(waiter: Waiter): void {
    if (!this.#waiting.delete(waiter)) return;
    if (waiter.tried !== null) this.#picky--;
    if (this.#waiting.size === 0) this.#wheel.cancel(this);
  }

  /** Something is news: whoever waits has a turn. */
  wake(): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of this.#waiting) waiter.turn();
    this.#awaitEnd();
  }

  /**
   * A place became free, which is no news to all: when one to whom every target is open has to go on waiting, so have all
   * such. Those that have tried some targets wait for others, so they neither stand in the way nor are held back.
   */
  wakeNext(): void {
    let anyRoom = true;
    for (const waiter of this.#waiting) {
      // A long line of fresh ones is not walked to its end for nothing.
      if (!anyRoom && this.#picky === 0) break;
      const fresh = waiter.tried === null;
      if (fresh && !anyRoom) continue;
      if (!waiter.turn() && fresh) anyRoom = false;
    }
  }

  override expired(): void {
    this.wake();
  }

  #awaitEnd(): void {
    if (this.#waiting.size === 0) return;
    const dueMs = this.#nextEndMs();
    if (dueMs === Number.POSITIVE_INFINITY) this.#wheel.cancel(this);
    else this.#wheel.schedule(this, dueMs);
  }
}
