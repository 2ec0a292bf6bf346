// A socket as somebody writes to it who must not write faster than some token buckets allow. It holds no bytes: what the
// limit does not let through was not taken, as if the send buffer were full, and the writer is told when to try again. So
// back-pressure, order and FIN stay the writer's, and a connection without a limit never meets this file.

import { OuterSocket } from "./outer-socket.ts";
import type { Socket } from "./socket.ts";
import type { ThrottleClock, Waiter } from "./throttle-clock.ts";
import type { TokenBucket } from "./token-bucket.ts";

/** Who writes to a throttled sink. */
export interface ThrottledWriter {
  /** The limit lets bytes through again: write what was not taken. May be called when there is none. */
  retry(): void;
}

/** The writing side of a socket, under limits. Reading goes on as the socket does it. */
export class ThrottledSink extends OuterSocket implements Waiter {
  readonly #buckets: readonly TokenBucket[];
  readonly #clock: ThrottleClock;
  readonly #writer: ThrottledWriter;
  /** The bucket that holds it back; `null` while it does not wait. */
  #blocker: TokenBucket | null = null;
  /** The bucket that allowed least, last time one was in the way. */
  #tight: TokenBucket | null = null;
  /** During its own turn it may write although others wait. */
  #serving = false;

  /** `buckets`: its own first, then those it shares. All of them apply. */
  constructor(inner: Socket, buckets: readonly TokenBucket[], clock: ThrottleClock, writer: ThrottledWriter) {
    super(inner);
    this.#buckets = buckets;
    this.#clock = clock;
    this.#writer = writer;
  }

  /**
   * As a socket's: takes what the buckets and the socket under it take. When a bucket was in the way, `retry` is called
   * later; when the socket was, its own `writable` is. -1 when nothing can be written any more.
   */
  write(bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
    // Whoever waits has its turn to come; `writable` without a reason must not overtake the others.
    if (this.#blocker !== null) return 0;
    const allowed = this.#allowed(length);
    if (allowed === 0 && length > 0) {
      this.#wait();
      return 0;
    }
    const taken = this.inner.write(bytes, offset, allowed);
    if (taken <= 0) return taken;
    // Booked now and not before: what the socket did not take costs nothing.
    for (const bucket of this.#buckets) bucket.spend(taken);
    // A full send buffer announces room by itself.
    if (taken === allowed && allowed < length) this.#wait();
    return taken;
  }

  override shutdown(): void {
    this.leave();
    super.shutdown();
  }

  override end(): void {
    this.leave();
    super.end();
  }

  override terminate(): void {
    this.leave();
    super.terminate();
  }

  /** Waits no longer: nothing is left to write, or nowhere to write it. */
  leave(): void {
    if (this.#blocker === null) return;
    this.#block(null);
    this.#clock.forget(this);
  }

  ready(nowMs: number): boolean {
    for (const bucket of this.#buckets) {
      if (bucket.available(nowMs) >= bucket.pieceBytes) continue;
      // It is counted where it waits now: a bucket that is not in its way divides among the others.
      this.#block(bucket);
      return false;
    }
    return true;
  }

  serve(): void {
    this.#block(null);
    this.#serving = true;
    try {
      this.#writer.retry();
    } catch (cause) {
      this.inner.data.failed(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      this.#serving = false;
    }
  }

  /** How many of `length` bytes may pass now: all, or as many as are worth a write, or none. */
  #allowed(length: number): number {
    const nowMs = this.#clock.now();
    const serving = this.#serving;
    // One write a turn: a source that has more at once would take it from those behind.
    this.#serving = false;
    let allowed = length;
    for (const bucket of this.#buckets) {
      const share = bucket.waiting > 0 && !serving ? 0 : bucket.share(nowMs);
      if (share >= allowed) continue;
      allowed = share < bucket.pieceBytes ? 0 : share;
      this.#tight = bucket;
    }
    return allowed;
  }

  /** Waits for the bucket that allowed least. */
  #wait(): void {
    this.#block(this.#tight);
    this.#clock.wait(this);
  }

  #block(bucket: TokenBucket | null): void {
    if (this.#blocker !== null) this.#blocker.waiting--;
    if (bucket !== null) bucket.waiting++;
    this.#blocker = bucket;
  }
}
