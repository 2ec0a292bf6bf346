// Locks in shared memory for sections of well under a microsecond. Who waits spins a moment and then sleeps, because the
// holder may have lost its core; a lock whose holder is gone for good (a worker that was terminated) is taken from it.

/** Tries before sleeping: some microseconds, ten times what a section takes. */
const SPINS = 200;
/** One sleep, in milliseconds: the shortest there is. */
const SLEEP_MS = 1;
/** Sleeps with the same holder after which it is taken for dead: no scheduler keeps a running thread waiting so long. */
const PATIENCE = 250;

/** Some locks, and who this worker is to the others. */
export class SpinLocks {
  /** Who holds each lock, 0 for nobody; then the last number that was given to a worker. */
  readonly #holders: Int32Array;
  readonly #self: number;

  /** The locks at the start of `buffer`, which begins as zeros. Every worker makes its own object. */
  constructor(buffer: SharedArrayBuffer, count: number) {
    this.#holders = new Int32Array(buffer, 0, count + 1);
    this.#self = Atomics.add(this.#holders, count, 1) + 1;
  }

  /** What `count` locks take at the start of a buffer, in bytes; a multiple of 8. */
  static bytes(count: number): number {
    return Math.ceil((count + 1) / 2) * 8;
  }

  /** Waits for a lock, which must not be held by this worker already. */
  lock(index: number): void {
    let spins = 0;
    let sleeps = 0;
    let suspect = 0;
    for (;;) {
      const holder = Atomics.compareExchange(this.#holders, index, 0, this.#self);
      if (holder === 0) return;
      if (++spins < SPINS) continue;
      if (holder !== suspect) sleeps = 0;
      suspect = holder;
      Atomics.wait(this.#holders, index, holder, SLEEP_MS);
      if (++sleeps < PATIENCE) continue;
      if (Atomics.compareExchange(this.#holders, index, holder, this.#self) === holder) return;
    }
  }

  /** Gives a lock back, unless it was taken from this worker. */
  unlock(index: number): void {
    Atomics.compareExchange(this.#holders, index, this.#self, 0);
  }
}
