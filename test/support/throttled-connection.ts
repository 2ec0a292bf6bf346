// One direction of a connection as a flow drives it, over a memory socket whose writes are throttled: what is not taken is
// kept, written again when told, and FIN follows the last byte.

import type { Socket, SocketOwner } from "../../src/socket/socket.ts";
import type { ThrottleClock } from "../../src/socket/throttle-clock.ts";
import { ThrottledSink, type ThrottledWriter } from "../../src/socket/throttled-sink.ts";
import type { TokenBucket } from "../../src/socket/token-bucket.ts";
import { MemorySocket } from "./memory-socket.ts";

export class ThrottledConnection implements ThrottledWriter {
  readonly socket: MemorySocket;
  readonly sink: ThrottledSink;
  /** Bytes that were taken. */
  sent = 0;
  /** A write said -1. */
  broken = false;
  retries = 0;
  failure: Error | undefined;
  /** Thrown by the next retry. */
  bug: Error | undefined;

  #pending: Uint8Array | null = null;
  #finishing = false;

  constructor(buckets: readonly TokenBucket[], clock: ThrottleClock, window = Infinity) {
    this.socket = new MemorySocket(window);
    this.sink = new ThrottledSink(this.socket, buckets, clock, this);
    this.socket.data = this.#owner();
  }

  /** Whether something waits to be taken. */
  get blocked(): boolean {
    return this.#pending !== null;
  }

  /** Writes unless something waits: true when the bytes are sent or kept. */
  offer(bytes: Uint8Array): boolean {
    if (this.#pending !== null) return false;
    this.#pending = bytes;
    this.flush();
    return true;
  }

  /** FIN after the last byte. */
  finish(): void {
    this.#finishing = true;
    if (this.#pending === null) this.sink.shutdown();
  }

  retry(): void {
    this.retries++;
    if (this.bug !== undefined) throw this.bug;
    this.flush();
  }

  flush(): void {
    const pending = this.#pending;
    if (pending === null) return;
    const taken = this.sink.write(pending);
    if (taken < 0) {
      this.broken = true;
      this.#pending = null;
      return;
    }
    this.sent += taken;
    this.#pending = taken === pending.length ? null : pending.subarray(taken);
    if (this.#pending === null && this.#finishing) this.sink.shutdown();
  }

  #owner(): SocketOwner {
    return {
      opened(_socket: Socket) {},
      received() {},
      writable: () => this.flush(),
      ended() {},
      closed() {},
      failed: (error) => {
        this.failure = error;
      },
    };
  }
}
