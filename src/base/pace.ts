// Long computations share the thread with live traffic. A pace says when one has had its turn, and lets the event loop
// go round before the next.

import { setImmediate } from "node:timers";

/** Work at most this long without letting others in: far below what a connection notices, far above the cost of a turn. */
const DEFAULT_TURN_MS = 4;

/** Splits a long computation into turns: `if (pace.due()) await pace.rest()`. */
export class Pace {
  readonly #turnMs: number;
  #since = performance.now();

  constructor(turnMs: number = DEFAULT_TURN_MS) {
    this.#turnMs = turnMs;
  }

  /** Whether this turn is over. Costs a clock reading: ask every hundred steps, not at each. */
  due(): boolean {
    return performance.now() - this.#since >= this.#turnMs;
  }

  /** Lets everything else that is ready run, then begins the next turn. */
  async rest(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }

  /** Drives steps to their end with rests between them; the value they return. */
  async run<T>(steps: Generator<void, T>): Promise<T> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      if (this.due()) await this.rest();
    }
  }
}
