// A socket as somebody sees it through another who has a say in what is written. Everything else is the inner socket's.

import type { Socket, SocketOwner } from "./socket.ts";

/** Passes everything on but `write`. */
export abstract class OuterSocket implements Socket {
  protected readonly inner: Socket;

  constructor(inner: Socket) {
    this.inner = inner;
  }

  abstract write(bytes: Uint8Array, offset?: number, length?: number): number;

  get data(): SocketOwner {
    return this.inner.data;
  }

  set data(owner: SocketOwner) {
    this.inner.data = owner;
  }

  get remoteAddress(): string | undefined {
    return this.inner.remoteAddress;
  }

  get remotePort(): number | undefined {
    return this.inner.remotePort;
  }

  get localAddress(): string | undefined {
    return this.inner.localAddress;
  }

  get localPort(): number | undefined {
    return this.inner.localPort;
  }

  shutdown(): void {
    this.inner.shutdown();
  }

  end(): void {
    this.inner.end();
  }

  terminate(): void {
    this.inner.terminate();
  }

  pause(): void {
    this.inner.pause();
  }

  resume(): void {
    this.inner.resume();
  }
}
