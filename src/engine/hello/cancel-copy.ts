// A client that one PostgreSQL server gets a request to cancel from, where several may have the session: the real one has
// one connection only. Behaves as clients do that cancel: says no more, and goes when the server does.

import type { Socket, SocketOwner } from "../../socket/socket.ts";

export class CancelCopy implements Socket {
  data: SocketOwner;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly #ended: () => void;
  #open = true;

  /** `ended` is called once, when the server has gone or cannot be reached. */
  constructor(real: Socket, ended: () => void) {
    this.data = real.data;
    this.remoteAddress = real.remoteAddress;
    this.remotePort = real.remotePort;
    this.localAddress = real.localAddress;
    this.localPort = real.localPort;
    this.#ended = ended;
  }

  /** Servers answer nothing; if one does, the real client would not know whose answer it is. */
  write(bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
    return this.#open ? length : -1;
  }

  shutdown(): void {
    // As from the network: not before the call returns.
    queueMicrotask(() => {
      if (this.#open) this.data.ended();
      this.terminate();
    });
  }

  end(): void {
    this.terminate();
  }

  terminate(): void {
    if (!this.#open) return;
    this.#open = false;
    this.data.closed();
    this.#ended();
  }

  pause(): void {}
  resume(): void {}
}
