// Both ends of the runtime's own TLS over a connection of loopback, each with everything that it was told.

import type { Listening, Runtime } from "../../src/runtime/runtime.ts";
import type {
  Handshake,
  Tls,
  TlsClientSettings,
  TlsOwner,
  TlsServerContext,
  TlsServerSettings,
} from "../../src/runtime/tls.ts";
import type { Socket, SocketOwner } from "../../src/socket/socket.ts";
import { Recorder } from "./recorder.ts";
import { tlsPem } from "./tls-client.ts";

/** A Recorder that goes through a handshake first: `secured` is an event like the others. */
export class TlsRecorder extends Recorder implements TlsOwner {
  handshake: Handshake | undefined;
  /** What it can be ended by before that. */
  pending: Socket | undefined;
  /** Why it was closed. */
  reason: Error | undefined;

  secured(socket: Socket, handshake: Handshake): void {
    this.handshake = handshake;
    super.opened(socket);
    this.events[this.events.length - 1] = "secured";
  }

  /** Of the socket below, where it was dialled. */
  override opened(): void {}

  override closed(error?: Error): void {
    this.reason = error;
    super.closed(error);
  }

  /** Waits for the end of the handshake, whichever it is. */
  async settled(): Promise<void> {
    await this.until(() => this.handshake !== undefined || this.isClosed);
  }
}

/** `one.example`, without wishes. */
export function serverSettings(more: Partial<TlsServerSettings> = {}, name = "one"): TlsServerSettings {
  const certificate = tlsPem(`${name}.pem`);
  const key = tlsPem(name === "two" ? "two.key" : "one.key");
  return { certificate, key, minVersion: "1.2", alpn: [], ...more };
}

/** Believes our authority. */
export function clientSettings(more: Partial<TlsClientSettings> = {}): TlsClientSettings {
  return { trust: { ca: [tlsPem("ca.pem")], crl: [] }, insecure: false, ...more };
}

export function tlsOf(runtime: Runtime): Tls {
  if (runtime.tls === null) throw new Error("The runtime has no TLS");
  return runtime.tls;
}

export interface TlsListener extends AsyncDisposable {
  readonly port: number;
  /** The end of the client number `index`, as soon as its first bytes were read and TLS has begun on it. */
  server(index?: number): Promise<TlsRecorder>;
  /** Every one so far. */
  readonly servers: readonly TlsRecorder[];
}

/** Ends the TLS of whoever connects, when `enough` bytes of it were read in the clear. */
export async function tlsListener(runtime: Runtime, context: TlsServerContext, enough = 1): Promise<TlsListener> {
  const servers: TlsRecorder[] = [];
  const sockets = new Set<Socket>();
  const waiting = new Set<() => void>();
  const accepting: SocketOwner = {
    opened(socket) {
      sockets.add(socket);
      const read: Uint8Array[] = [];
      socket.data = {
        ...accepting,
        received(bytes) {
          read.push(bytes);
          const all = Buffer.concat(read);
          if (all.length < enough) return;
          const owner = new TlsRecorder();
          servers.push(owner);
          const secured = tlsOf(runtime).accept(socket, context, all, owner);
          sockets.delete(socket);
          sockets.add(secured);
          for (const wake of waiting) wake();
        },
      };
    },
    received() {},
    writable() {},
    ended() {},
    closed() {},
    failed(error) {
      throw error;
    },
  };
  const listening: Listening = await runtime.listen({ host: "127.0.0.1", port: 0 }, accepting);
  return {
    port: listening.port,
    servers,
    async server(index = 0) {
      for (;;) {
        const server = servers[index];
        if (server !== undefined) return server;
        const arrival = Promise.withResolvers<void>();
        waiting.add(arrival.resolve);
        await arrival.promise;
        waiting.delete(arrival.resolve);
      }
    },
    async [Symbol.asyncDispose]() {
      listening.stop();
      for (const socket of sockets) socket.terminate();
    },
  };
}

/** Dials, and begins TLS with whoever answers. */
export function tlsDial(
  runtime: Runtime,
  port: number,
  settings: TlsClientSettings,
  serverName: string | undefined,
  host = "127.0.0.1",
): TlsRecorder {
  const owner = new TlsRecorder();
  const tls = tlsOf(runtime);
  const context = tls.clientContext(settings);
  runtime.connect(
    { host, port },
    {
      opened(socket) {
        owner.pending = tls.start(socket, context, serverName, owner);
      },
      unreachable: (error) => owner.unreachable(error),
      received() {},
      writable() {},
      ended() {},
      closed() {},
      failed: (error) => owner.failed(error),
    },
  );
  return owner;
}
