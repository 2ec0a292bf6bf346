// The byte-stream contract on `node:net`, for Deno and Node. `node:net` buffers what the kernel does not take, pushes
// errors as events of their own and destroys by itself; the contract has none of that, so this file bounds the buffer,
// folds `error` into `closed`, and says each thing once. On Bun the data path never comes here.

import type { Socket as NetSocket } from "node:net";
import type { DialOwner, Socket, SocketOwner } from "../socket/socket.ts";
import { asError } from "./error-code.ts";

/**
 * Bytes that may wait in `node:net` for one socket: what stands in for the kernel's send buffer, which the stream hides.
 * Above the stream's own mark of 64 KiB, and small enough that thousands of slow readers fit in memory.
 */
const BUFFERED_BYTES = 256 * 1024;

/** Takes over an accepted stream; `owner` hears of it from `opened` on. */
export function adoptStream(stream: NetSocket, owner: SocketOwner): void {
  const socket = new NodeSocket(stream, owner);
  stream.on("close", () => socket.tellClosed());
  socket.tellOpened();
}

/** Waits until a dialled stream is connected; `owner` hears `opened` or `unreachable`. */
export function awaitStream(stream: NetSocket, owner: DialOwner): void {
  const refused = (error: Error): void => owner.unreachable(error);
  stream.once("error", refused);
  stream.once("connect", () => {
    stream.off("error", refused);
    adoptStream(stream, owner);
  });
}

/** One `node:net` stream as a Socket. Who makes one calls `tellClosed` when the stream has closed. */
export class NodeSocket implements Socket {
  data: SocketOwner;
  readonly #stream: NetSocket;
  /** Nothing can be written any more: FIN was asked for, or the socket is gone. */
  #finished = false;
  #terminated = false;
  /** A write was cut short, so somebody waits for `writable`. */
  #short = false;
  /** Why the stream was destroyed, when it was not our wish. */
  #error: Error | undefined;

  constructor(stream: NetSocket, owner: SocketOwner) {
    this.data = owner;
    this.#stream = stream;
    stream.on("data", (bytes) => {
      if (typeof bytes !== "string") this.#received(bytes); // Strings come only after setEncoding, which nobody calls.
    });
    stream.on("end", () => this.#ended());
    stream.on("error", (error) => {
      this.#finished = true;
      this.#error = error;
    });
  }

  get remoteAddress(): string | undefined {
    return this.#stream.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.#stream.remotePort;
  }

  get localAddress(): string | undefined {
    return this.#stream.localAddress;
  }

  get localPort(): number | undefined {
    return this.#stream.localPort;
  }

  write(bytes: Uint8Array, offset = 0, length = bytes.length): number {
    if (this.#finished || this.#stream.destroyed) return -1;
    const taken = Math.min(length, BUFFERED_BYTES - this.#stream.writableLength);
    if (taken < length) this.#short = true;
    if (taken <= 0) return 0;
    // A copy: the stream may keep the bytes for a while, and the contract leaves them to the caller.
    this.#stream.write(bytes.slice(offset, offset + taken), this.#flushed);
    return taken;
  }

  shutdown(): void {
    this.#finished = true;
    this.#stream.end();
  }

  /** The stream closes by itself when both sides have ended and everything is written. */
  end(): void {
    this.shutdown();
  }

  terminate(): void {
    this.#finished = true;
    this.#terminated = true;
    // A unix socket knows no RST, and `resetAndDestroy` refuses it. What it sends instead is what close(2) sends.
    if (this.#stream.remoteAddress === undefined) this.#stream.destroy();
    else this.#stream.resetAndDestroy();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  tellOpened(): void {
    this.#guard(() => this.data.opened(this));
  }

  tellClosed(): void {
    this.#finished = true;
    // An abort of ours is a clean close, whatever the stream said about it on its way out.
    const error = this.#terminated ? undefined : this.#error;
    this.#guard(() => (error === undefined ? this.data.closed() : this.data.closed(error)));
  }

  #received(bytes: Uint8Array): void {
    if (!this.#terminated) this.#guard(() => this.data.received(bytes));
  }

  #ended(): void {
    // Bun's stream ends when it is reset from this side; that is not a FIN of the peer.
    if (!this.#terminated) this.#guard(() => this.data.ended());
  }

  /** A chunk went to the kernel. One function per socket; an error here is followed by `close`, which tells it. */
  readonly #flushed = (error?: Error | null): void => {
    if (!this.#short || this.#finished || error) return;
    this.#short = false;
    this.#guard(() => this.data.writable());
  };

  /** What an owner throws is its bug and must not end the process as an exception in an event. */
  #guard(tell: () => void): void {
    try {
      tell();
    } catch (cause) {
      this.data.failed(asError(cause));
    }
  }
}
