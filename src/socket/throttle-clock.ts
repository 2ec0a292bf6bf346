// Wakes writers that a bandwidth limit holds back: one timer for all of an engine, running only while somebody waits.
// First come, first served: who is served and is held back again goes to the end, who cannot be served keeps its place,
// so that all who share a limit get their turns in rotation.

import { machineClock, type WheelClock } from "../base/timer-wheel.ts";

/** Time between two turns: fine enough for interactive use, and a fifth of what a token bucket can save up. */
export const TURN_MS = 20;

/** A writer that is held back. */
export interface Waiter {
  /** Whether its limits let it write by now. */
  ready(nowMs: number): boolean;
  /** Its turn: it waits no longer, and may `wait` again. Must not throw. */
  serve(): void;
}

/** Who waits for bandwidth, in order, and the timer that serves them. One for an engine. */
export class ThrottleClock {
  readonly #clock: WheelClock;
  /** In order of arrival. */
  readonly #waiters = new Set<Waiter>();
  #stop: (() => void) | null = null;

  constructor(clock: WheelClock = machineClock) {
    this.#clock = clock;
  }

  /** Who waits now. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Monotonic time in milliseconds. */
  now(): number {
    return this.#clock.now();
  }

  /** Will serve the waiter in one of the next turns. */
  wait(waiter: Waiter): void {
    this.#waiters.add(waiter);
    this.#stop ??= this.#clock.every(TURN_MS, () => this.#turn());
  }

  /** Forgets a waiter, if it waits. */
  forget(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    if (this.#waiters.size === 0) this.#rest();
  }

  #turn(): void {
    const nowMs = this.#clock.now();
    let left = this.#waiters.size;
    for (const waiter of this.#waiters) {
      // The rest came during this turn.
      if (left-- === 0) break;
      if (!waiter.ready(nowMs)) continue;
      this.#waiters.delete(waiter);
      waiter.serve();
    }
    if (this.#waiters.size === 0) this.#rest();
  }

  #rest(): void {
    this.#stop?.();
    this.#stop = null;
  }
}
