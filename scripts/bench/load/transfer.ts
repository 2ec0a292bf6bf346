// One bulk transfer, seen from both its ends: sender and receiver live in the same process and write into the same
// record, so that comparing what was sent with what arrived needs no protocol.

import { matchesPattern, PATTERN } from "./pattern.ts";
import type { LoadSocket } from "./role.ts";

/** How much went in at one end of a connection and came out at the other. */
export class Transfer {
  readonly #deadline: number;
  readonly #windowBytes: number;
  #sender: LoadSocket | undefined;
  /** Bytes the kernel took from the sender. */
  sent = 0;
  /** Bytes the receiver got. */
  received = 0;
  /** The sender has sent FIN. */
  finished = false;
  #damaged = false;

  /**
   * Sends until `deadline`, in milliseconds of `performance.now()`, with at most `windowBytes` on the way at a time.
   * Without a limit (`Infinity`), loopback lets each connection fill megabytes of socket buffers.
   */
  constructor(deadline: number, windowBytes: number) {
    this.#deadline = deadline;
    this.#windowBytes = windowBytes;
  }

  /** Writes until the window or the send buffer is full; after the deadline, sends FIN. */
  pump(socket: LoadSocket): void {
    this.#sender = socket;
    while (!this.finished) {
      if (performance.now() >= this.#deadline) {
        this.finished = true;
        socket.shutdown();
        return;
      }
      const offset = this.sent % PATTERN.length;
      const wanted = Math.min(PATTERN.length - offset, this.#windowBytes - (this.sent - this.received));
      if (wanted <= 0) return;
      const taken = socket.write(PATTERN, offset, wanted);
      if (taken > 0) this.sent += taken;
      if (taken < wanted) return;
    }
  }

  /** Counts and judges what arrived. */
  take(chunk: Uint8Array): void {
    if (!matchesPattern(chunk, this.received)) this.#damaged = true;
    this.received += chunk.length;
    if (this.#sender !== undefined && this.#windowBytes < Number.POSITIVE_INFINITY) this.pump(this.#sender);
  }

  /** What is wrong with the transfer once both ends are done, if anything. */
  verdict(): string | undefined {
    if (!this.finished) return `The sender stopped after ${this.sent} bytes`;
    if (this.sent !== this.received) return `${this.sent} bytes were sent and ${this.received} arrived`;
    return this.#damaged ? "Bytes arrived changed" : undefined;
  }
}
