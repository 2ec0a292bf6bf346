// A socket without a kernel: a test plays the peer and decides when every event happens. It behaves as Bun's does where
// the data path relies on it: short writes, spurious `writable`, FIN held back while paused, bytes delivered through a
// pause when the peer resets, and closing by itself once both sides have sent FIN.

import type { DirectReader } from "../../src/socket/direct-reader.ts";
import type { Socket, SocketOwner } from "../../src/socket/socket.ts";

const NOBODY: SocketOwner = {
  opened() {},
  received() {},
  writable() {},
  ended() {},
  closed() {},
  failed() {},
};

export class MemorySocket implements Socket {
  data: SocketOwner = NOBODY;
  readonly remoteAddress = "192.0.2.1";
  readonly remotePort = 40_000;
  readonly localAddress = "192.0.2.2";
  readonly localPort = 5_432;

  /** How many bytes the send buffer holds. */
  window: number;
  /** What the peer has read so far. */
  readonly readByPeer: number[] = [];
  peerSawFin = false;
  peerSawReset = false;
  open = true;
  /** The peer has reset, and the next write finds out before any event: it fails, and events tell of a FIN only. */
  broken = false;
  paused = false;
  pauses = 0;

  #sendBuffer: number[] = [];
  #sentFin = false;
  #incoming: Uint8Array[] = [];
  #finComing = false;
  #finDelivered = false;
  #wantsRoom = false;

  constructor(window: number) {
    this.window = window;
  }

  // --- our side -----------------------------------------------------------------------------------------------------

  write(bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
    if (!this.open || this.#sentFin || this.broken) return -1;
    const taken = Math.min(length, Math.max(0, this.window - this.#sendBuffer.length));
    for (let at = 0; at < taken; at++) this.#sendBuffer.push(bytes[offset + at] ?? 0);
    if (taken < length) this.#wantsRoom = true;
    return taken;
  }

  shutdown(): void {
    this.#sentFin = true;
    this.#closeWhenBothFin();
  }

  end(): void {
    if (!this.#finDelivered) throw new Error("Closed before the peer's FIN: bytes could be lost");
    this.shutdown();
  }

  terminate(): void {
    if (!this.open) return;
    this.#sendBuffer = [];
    this.peerSawReset = true;
    this.#close(undefined);
  }

  pause(): void {
    this.paused = true;
    this.pauses++;
  }

  resume(): void {
    this.paused = false;
  }

  // --- the peer's side ----------------------------------------------------------------------------------------------

  /** The peer sends bytes; they are delivered by `deliver`. */
  feed(bytes: Uint8Array): void {
    this.#incoming.push(bytes);
  }

  /** The peer sends FIN. */
  finish(): void {
    this.#finComing = true;
  }

  /** The peer resets: what it sent before is delivered even to a paused socket, then the socket is gone. */
  reset(): void {
    for (const bytes of this.#incoming.splice(0)) if (this.open) this.data.received(bytes);
    const error = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
    if (this.open) this.#close(error);
  }

  /** Delivers the next thing the peer did, unless reading is paused. True when something was delivered. */
  deliver(): boolean {
    if (!this.open || this.paused) return false;
    const bytes = this.#incoming.shift();
    if (bytes !== undefined) {
      this.data.received(bytes);
      return true;
    }
    if (!this.#finComing || this.#finDelivered) return false;
    this.#finDelivered = true;
    // Bun does not tell the second FIN: it closes.
    if (!this.#sentFin) this.data.ended();
    this.#closeWhenBothFin();
    return true;
  }

  /** What a direct read finds: bytes that the peer has sent and no event has brought. */
  takeIncoming(limit: number): Uint8Array {
    const [first] = this.#incoming;
    if (first === undefined) return new Uint8Array(0);
    if (first.length <= limit) this.#incoming.shift();
    else this.#incoming[0] = first.subarray(limit);
    return first.subarray(0, limit);
  }

  /** The peer reads up to `count` bytes; room in the send buffer is announced. True when it read any or the FIN. */
  read(count: number): boolean {
    const bytes = this.#sendBuffer.splice(0, count);
    this.readByPeer.push(...bytes);
    if (bytes.length > 0 && this.#wantsRoom && this.open) {
      this.#wantsRoom = false;
      this.data.writable();
    }
    if (this.#sendBuffer.length === 0 && this.#sentFin && !this.peerSawFin && !this.peerSawReset) {
      this.peerSawFin = true;
      return true;
    }
    return bytes.length > 0;
  }

  #closeWhenBothFin(): void {
    if (this.open && this.#sentFin && this.#finDelivered) this.#close(undefined);
  }

  #close(error: Error | undefined): void {
    this.open = false;
    this.data.closed(error);
  }
}

/** A direct reader over memory sockets, whose turns a test takes one by one. */
export class MemoryReader implements DirectReader {
  readonly worthwhileBytes: number;
  readonly sizeBytes: number;
  /** How many bytes it has read. */
  bytes = 0;
  /** Thrown by the next read. */
  broken: Error | undefined;
  readonly #turns: (() => void)[] = [];

  constructor(worthwhileBytes: number, sizeBytes: number) {
    this.worthwhileBytes = worthwhileBytes;
    this.sizeBytes = sizeBytes;
  }

  reaches(): boolean {
    return true;
  }

  read(socket: Socket): Uint8Array {
    if (this.broken !== undefined) throw this.broken;
    if (!(socket instanceof MemorySocket)) throw new Error("Not a memory socket");
    if (!socket.paused) throw new Error("Read directly without being paused");
    const bytes = socket.takeIncoming(this.sizeBytes);
    this.bytes += bytes.length;
    return bytes;
  }

  later(turn: () => void): void {
    this.#turns.push(turn);
  }

  /** Takes the oldest turn that was asked for. */
  turn(): void {
    this.#turns.shift()?.();
  }
}
