// Timers that ring when a test lets time pass, and chance as it wants it.

import type { ResolverTiming } from "../../src/engine/resolve/resolver.ts";

interface Timer {
  readonly dueMs: number;
  readonly ring: () => void;
}

export class ManualTimers implements ResolverTiming {
  /** What `random` gives. */
  chance = 0;
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  /** From now until each timer rings, in milliseconds, the next one first. */
  get delays(): number[] {
    return Array.from(this.#timers, ({ dueMs }) => dueMs - this.#nowMs).toSorted((a, b) => a - b);
  }

  after(ms: number, then: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, ring: then };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  random(): number {
    return this.chance;
  }

  /** Lets time pass; each timer rings at its time, and what it sets in motion comes to rest before the next. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].filter(({ dueMs }) => dueMs <= endMs).toSorted((a, b) => a.dueMs - b.dueMs);
      if (next === undefined) break;
      this.#nowMs = next.dueMs;
      this.#timers.delete(next);
      next.ring();
      await settle();
    }
    this.#nowMs = endMs;
  }
}

/** All promises that are settled have told so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
