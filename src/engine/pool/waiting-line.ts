// Who waits for a target of one pool, in the order they came, and when they have a turn. What a turn comes to is the
// waiter's business; which target there is, the pool's.

import { type TimerWheel, WheelEntry } from "../../base/timer-wheel.ts";
import type { Target } from "./target.ts";

/** Somebody who waits for a target. */
export interface Waiter {
  /** When it came, as `WaitingLine.arrive` gave it: whoever has to wait again has its old place. */
  readonly arrival: number;
  /** Targets that are not for it any more; `null`: every one is open to it. Does not change while it waits. */
  readonly tried: ReadonlySet<Target> | null;
  /** Has its turn; false: it goes on waiting. */
  turn(): boolean;
}

export class WaitingLine extends WheelEntry {
  /** By arrival. */
  readonly #waiting: Waiter[] = [];
  #arrivals = 0;
  /** How many of them have tried some targets. */
  #picky = 0;
  readonly #wheel: TimerWheel;
  readonly #nextEndMs: () => number;

  /** `nextEndMs`: when the next ejection ends, in monotonic milliseconds: nothing else would tell those who wait. */
  constructor(wheel: TimerWheel, nextEndMs: () => number) {
    super();
    this.#wheel = wheel;
    this.#nextEndMs = nextEndMs;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** A place at the end, to be taken with `add`. */
  arrive(): number {
    return ++this.#arrivals;
  }

  add(waiter: Waiter): void {
    this.#waiting.splice(this.#placeOf(waiter.arrival), 0, waiter);
    if (waiter.tried !== null) this.#picky++;
    this.#awaitEnd();
  }

  remove(waiter: Waiter): void {
    const place = this.#placeOf(waiter.arrival);
    if (this.#waiting[place] !== waiter) return;
    this.#waiting.splice(place, 1);
    if (waiter.tried !== null) this.#picky--;
    if (this.#waiting.length === 0) this.#wheel.cancel(this);
  }

  /** Something is news: whoever waits has a turn. */
  wake(): void {
    if (this.#waiting.length === 0) return;
    for (const waiter of Array.from(this.#waiting)) {
      if (this.#waiting[this.#placeOf(waiter.arrival)] === waiter) waiter.turn();
    }
    this.#awaitEnd();
  }

  /**
   * There is room at `target`, as long as `isFree` says so: those that it is for have a turn. When one to whom every target is
   * open has to go on waiting, so have all such.
   */
  offer(target: Target, isFree: () => boolean): void {
    let anyRoom = true;
    for (let place = 0; place < this.#waiting.length && isFree();) {
      const waiter = this.#waiting[place];
      // A long line of such as have tried nothing is not walked to its end for nothing.
      if (waiter === undefined || (!anyRoom && this.#picky === 0)) break;
      const fresh = waiter.tried === null;
      const skipped = fresh ? !anyRoom : waiter.tried.has(target);
      if (!skipped && !waiter.turn() && fresh) anyRoom = false;
      if (this.#waiting[place] === waiter) place++;
    }
  }

  override expired(): void {
    this.wake();
  }

  /** Where the waiter of this arrival is, or would be. */
  #placeOf(arrival: number): number {
    let low = 0;
    let high = this.#waiting.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#waiting[middle]?.arrival ?? Number.POSITIVE_INFINITY) < arrival) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #awaitEnd(): void {
    if (this.#waiting.length === 0) return;
    const dueMs = this.#nextEndMs();
    if (dueMs === Number.POSITIVE_INFINITY) this.#wheel.cancel(this);
    else this.#wheel.schedule(this, dueMs);
  }
}
