// A socket of ours as a stream, which is what `node:tls` speaks TLS over. It replays what was read already, keeps FIN per
// direction and passes back-pressure on both ways. It knows nothing of TLS.

import { Duplex } from "node:stream";
import type { Socket } from "../socket/socket.ts";

/** The encrypted half of a TLS connection. Whoever owns `socket` says here what happens to it. */
export class Wire extends Duplex {
  readonly #socket: Socket;
  /** What was read before there was a wire; `null` once it was replayed. */
  #replay: Uint8Array | null;
  #inputEnded = false;
  /** What of a write has not found room yet, and whom to tell when it has. */
  #rest: Uint8Array | null = null;
  #taken: (() => void) | null = null;

  constructor(socket: Socket, received: Uint8Array) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#replay = received.length === 0 ? null : received;
  }

  /** Bytes came. Whoever sends when both directions have ended is cut off. */
  arrived(bytes: Uint8Array): void {
    if (this.destroyed) this.#socket.terminate();
    else if (!this.#inputEnded && !this.push(bytes)) this.#socket.pause();
  }

  /** FIN came, or the socket has closed without an error. */
  endInput(): void {
    if (this.#inputEnded || this.destroyed) return;
    this.#inputEnded = true;
    this.#replayed();
    this.push(null);
  }

  /** The socket has room again. */
  room(): void {
    const bytes = this.#rest;
    if (bytes === null) return;
    const taken = this.#socket.write(bytes);
    // A socket that takes nothing any more is closed soon, which says why.
    if (taken < 0) return;
    if (taken < bytes.length) {
      this.#rest = bytes.subarray(taken);
      return;
    }
    const done = this.#taken;
    this.#rest = null;
    this.#taken = null;
    if (this.destroyed) this.#socket.shutdown();
    else done?.();
  }

  override _read(): void {
    if (!this.#replayed()) this.#socket.resume();
  }

  override _write(bytes: Uint8Array, _encoding: string, done: () => void): void {
    this.#rest = bytes;
    this.#taken = done;
    this.room();
  }

  override _final(done: () => void): void {
    this.#socket.shutdown();
    done();
  }

  /**
   * The TLS above is done, perhaps before what it wrote is: that is still sent, with FIN after it, and the socket closes when
   * the peer has ended, too. Who wants a reset terminates the socket.
   */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (this.#rest === null) this.#socket.shutdown();
    this.#socket.resume();
    done(error);
  }

  #replayed(): boolean {
    const bytes = this.#replay;
    if (bytes === null) return false;
    this.#replay = null;
    this.push(bytes);
    return true;
  }
}
