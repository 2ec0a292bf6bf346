// Random choices that a seed repeats, so that a failing property test names the case that failed.

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761 + 1) >>> 0;
  }

  /** An integer from 0 to `limit - 1`. */
  below(limit: number): number {
    // xorshift32
    let x = this.#state || 1;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state % limit;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
