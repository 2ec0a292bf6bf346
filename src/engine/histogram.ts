// A Prometheus-style histogram as plain numbers: observing is a short scan and two additions, no labels, no allocation.

import type { HistogramSnapshot } from "./snapshot.ts";

/** Upper bounds in seconds for reaching a backend: loopback to a slow link, then the timeouts people set. */
export const CONNECT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Upper bounds in seconds for whole connections: from one request to sessions of days. */
export const CONNECTION_SECONDS = [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];

export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(seconds: number): void {
    let at = 0;
    for (const bound of this.#bounds) {
      if (seconds <= bound) break;
      at++;
    }
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += seconds;
  }

  snapshot(): HistogramSnapshot {
    let total = 0;
    return { bounds: this.#bounds, counts: this.#counts.map((count) => (total += count)), sum: this.#sum };
  }
}
