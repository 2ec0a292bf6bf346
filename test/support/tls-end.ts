// One end of a TLS connection as a test plays it, on whichever runtime: it begins TLS, and writes down what it hears.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Handshake, Tls, TlsClientContext, TlsOwner, TlsServerContext } from "../../src/runtime/tls.ts";
import type { Listening, Runtime } from "../../src/runtime/runtime.ts";
import type { Socket, SocketOwner } from "../../src/socket/socket.ts";
import { Recorder } from "./recorder.ts";

/** Path of a file in test/fixtures/tls. */
export function tlsFixturePath(name: string): string {
  return join(import.meta.dirname, "../fixtures/tls", name);
}

/** Its text. */
export function tlsPem(name: string): string {
  return readFileSync(tlsFixturePath(name), "utf8");
}

/** Certificate and key by the names of their files. */
export function tlsIdentity(name: string, key = name): { readonly certificate: string; readonly key: string } {
  return { certificate: tlsPem(`${name}.pem`), key: tlsPem(`${key}.key`) };
}

/** Hears about one handshake and what follows; `secured` is an event as all others are. */
export class TlsPeer extends Recorder implements TlsOwner {
  handshake: Handshake | undefined;
  /** Why it was closed. */
  failure: Error | undefined;

  secured(socket: Socket, handshake: Handshake): void {
    this.handshake = handshake;
    this.opened(socket);
  }

  override closed(error?: Error): void {
    this.failure = error;
    super.closed(error);
  }

  /** Resolves when the handshake is over, either way. */
  async settled(): Promise<void> {
    await this.until(() => this.isOpen || this.isClosed);
  }
}

/** Listens, and answers every client with TLS after `least` bytes of it were read. */
export async function listenTls(runtime: Runtime, context: TlsServerContext, least = 1): Promise<TlsListener> {
  const clients: TlsPeer[] = [];
  const accepted: Socket[] = [];
  let next = Promise.withResolvers<void>();
  const tls = tlsOf(runtime);
  const listening = await runtime.listen(
    { host: "127.0.0.1", port: 0 },
    {
      ...SILENT,
      opened(socket) {
        let read = new Uint8Array();
        socket.data = {
          ...SILENT,
          received(bytes) {
            read = Uint8Array.of(...read, ...bytes);
            if (read.length < least) return;
            const peer = new TlsPeer();
            clients.push(peer);
            accepted.push(tls.accept(socket, context, read, peer));
            next.resolve();
            next = Promise.withResolvers<void>();
          },
        };
      },
    },
  );
  const client = async (index: number): Promise<TlsPeer> => {
    for (;;) {
      const peer = clients[index];
      if (peer !== undefined) return peer;
      await next.promise;
    }
  };
  return { listening, clients, accepted, client, [Symbol.dispose]: () => listening.stop() };
}

export interface TlsListener extends Disposable {
  readonly listening: Pick<Listening, "port">;
  /** With whom TLS was begun, in this order. */
  readonly clients: readonly TlsPeer[];
  /** What can be terminated while handshakes go on. */
  readonly accepted: readonly Socket[];
  /** One of the clients, which are counted from 0, as soon as TLS was begun with it. */
  client(index: number): Promise<TlsPeer>;
}

/** Dials, begins TLS, and resolves when the handshake is over, either way. */
export async function dialTls(
  runtime: Runtime,
  { listening }: Pick<TlsListener, "listening">,
  context: TlsClientContext,
  serverName: string | null = "one.example",
): Promise<TlsPeer> {
  const peer = new TlsPeer();
  runtime.connect(
    { host: "127.0.0.1", port: listening.port },
    {
      ...SILENT,
      opened: (socket) => void tlsOf(runtime).start(socket, context, serverName ?? undefined, peer),
      unreachable: (error) => peer.closed(error),
    },
  );
  await peer.settled();
  return peer;
}

/** TLS of `runtime`, which has to have it. */
export function tlsOf({ tls }: Runtime): Tls {
  if (tls === null) throw new Error("The runtime has no TLS");
  return tls;
}

const SILENT: SocketOwner = {
  opened() {},
  received() {},
  writable() {},
  ended() {},
  closed() {},
  failed(error) {
    throw error;
  },
};
