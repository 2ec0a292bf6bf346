// Bytes that may pass per second: an allowance that grows with time up to a small burst, and the number of writers that
// wait for it. Told the time, so it has no clock; who waits, and for how long, is the throttle clock's business.

/** Burst in parts of a second: what a stalled event loop may make up for. */
const BURST_SECONDS = 0.1;
/** A burst holds at least one read of a common size, so that short messages pass at once whatever the limit. */
const MIN_BURST_BYTES = 16 * 1024;
/** Less than a segment is not worth a write, unless it takes long to earn one. */
const SEGMENT_BYTES = 1_460;

/** The allowance of one limit in one direction. */
export class TokenBucket {
  /** Less than this is waited for, unless less is wanted: a segment, or what a tenth of a second brings. */
  readonly pieceBytes: number;
  /** Writers that are held back by this bucket now. Theirs to count. */
  waiting = 0;

  readonly #bytesPerMs: number;
  readonly #burst: number;
  #available: number;
  #atMs: number;

  /** Full at `nowMs`, a monotonic time in milliseconds. `bytesPerSecond` is above 0. */
  constructor(bytesPerSecond: number, nowMs: number) {
    this.#bytesPerMs = bytesPerSecond / 1_000;
    this.#burst = Math.max(MIN_BURST_BYTES, bytesPerSecond * BURST_SECONDS);
    this.pieceBytes = Math.max(1, Math.min(SEGMENT_BYTES, Math.floor(bytesPerSecond * BURST_SECONDS)));
    this.#available = this.#burst;
    this.#atMs = nowMs;
  }

  /** Whole bytes that may pass now. */
  available(nowMs: number): number {
    if (nowMs > this.#atMs) {
      this.#available = Math.min(this.#burst, this.#available + (nowMs - this.#atMs) * this.#bytesPerMs);
      this.#atMs = nowMs;
    }
    return Math.floor(this.#available);
  }

  /** What one writer may take of it now: all, or an even part while others wait, of which each is worth a write. */
  share(nowMs: number): number {
    const available = this.available(nowMs);
    return Math.min(available, Math.max(this.pieceBytes, Math.floor(available / (this.waiting + 1))));
  }

  /** Books bytes that passed. */
  spend(bytes: number): void {
    this.#available -= bytes;
  }
}
