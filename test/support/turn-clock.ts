// A clock that stands still until a test moves it, with timers of any interval.

import type { WheelClock } from "../../src/base/timer-wheel.ts";

interface Timer {
  readonly everyMs: number;
  readonly tick: () => void;
  dueMs: number;
}

export class TurnClock implements WheelClock {
  readonly #timers = new Set<Timer>();
  #nowMs = 1_000;

  /** Timers that run. */
  get timers(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#nowMs;
  }

  every(ms: number, tick: () => void): () => void {
    const timer = { everyMs: ms, tick, dueMs: this.#nowMs + ms };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets time pass a millisecond at a time. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed++) {
      this.#nowMs++;
      for (const timer of this.#timers) {
        if (timer.dueMs > this.#nowMs) continue;
        timer.dueMs += timer.everyMs;
        timer.tick();
      }
    }
  }
}
