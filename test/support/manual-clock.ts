// A clock that stands still until a test moves it.

import type { WheelClock } from "../../src/base/timer-wheel.ts";
import { TICK_MS } from "../../src/base/timer-wheel.ts";

export class ManualClock implements WheelClock {
  #now: number;
  #tick: (() => void) | null = null;

  constructor(startMs = 1_000) {
    this.#now = startMs;
  }

  /** Whether somebody wants ticks. */
  get ticking(): boolean {
    return this.#tick !== null;
  }

  now(): number {
    return this.#now;
  }

  every(_ms: number, tick: () => void): () => void {
    this.#tick = tick;
    return () => {
      this.#tick = null;
    };
  }

  /** Lets time pass tick by tick. */
  pass(ms: number): void {
    const end = this.#now + ms;
    while (this.#now < end) {
      this.#now = Math.min(end, this.#now + TICK_MS);
      this.#tick?.();
    }
  }

  /** Lets time jump, as after a stalled event loop: one tick at the end. */
  jump(ms: number): void {
    this.#now += ms;
    this.#tick?.();
  }
}
