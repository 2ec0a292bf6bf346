// A TLS server as a test plays it, behind a front that sees every byte on the wire: what comes in the clear before TLS, and
// that nothing does after it. On `node:net` and `node:tls`.

import { readFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { closeServer, listenOnFreePort } from "./node-server.ts";

const FIXTURES = join(import.meta.dirname, "../fixtures/tls");

/** A file of test/fixtures/tls. */
export function tlsFixture(name: string): Promise<string> {
  return readFile(join(FIXTURES, name), "utf8");
}

/** Where those files are, for routes. */
export const TLS_FIXTURES = { at: (name: string): string => join(FIXTURES, name) };

export interface TlsFrontOptions {
  /** Certificate and key in test/fixtures/tls. */
  readonly identity?: readonly [certificate: string, key: string];
  readonly tls?: TlsOptions;
  /** So many bytes come in the clear … */
  readonly clearBytes?: number;
  /** … and are answered with this before TLS begins. */
  readonly clearAnswer?: string;
  /** What is said in TLS to whoever says anything. */
  readonly answer?: string;
}

/** One connection whose handshake the server took for good. */
export interface Secured {
  /** `null`: the client asked for no name. */
  readonly serverName: string | null;
  /** What came through TLS. */
  text: string;
  /** It was ended by the client's close_notify. */
  ended: boolean;
}

export interface TlsFront extends AsyncDisposable {
  readonly port: number;
  readonly secured: readonly Secured[];
  /** Every byte that came from clients, of all connections. */
  readonly wire: Buffer;
  /** Connections that are there now. */
  readonly connections: number;
}

export async function startTlsFront(options: TlsFrontOptions = {}): Promise<TlsFront> {
  const { identity = ["one.pem", "one.key"], clearBytes = 0, clearAnswer, answer } = options;
  const [cert, key] = await Promise.all(identity.map(tlsFixture));
  const secured: Secured[] = [];
  const wire: Buffer[] = [];
  const sockets = new Set<Socket>();
  const inner = createTlsServer({ cert, key, ...options.tls }, (socket) => {
    const one: Secured = { serverName: socket.servername || null, text: "", ended: false };
    secured.push(one);
    socket.on("error", () => {});
    socket.on("end", () => (one.ended = true));
    socket.on("data", (bytes) => {
      one.text += bytes.toString("latin1");
      if (answer !== undefined) socket.write(answer);
    });
  });
  const innerPort = await listenOnFreePort(inner);
  const front = createServer((client) => {
    const server = connect({ host: "127.0.0.1", port: innerPort });
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => sockets.delete(socket));
    }
    let clear = clearBytes;
    client.on("data", (bytes: Buffer) => {
      wire.push(bytes);
      const mine = Math.min(clear, bytes.length);
      clear -= mine;
      if (mine > 0 && clear === 0 && clearAnswer !== undefined) client.write(clearAnswer);
      if (bytes.length > mine) server.write(bytes.subarray(mine));
    });
    client.on("end", () => server.end());
    server.on("data", (bytes: Buffer) => client.write(bytes));
    server.on("end", () => client.end());
  });
  const port = await listenOnFreePort(front);
  return {
    port,
    secured,
    get wire() {
      return Buffer.concat(wire);
    },
    get connections() {
      return sockets.size;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([closeServer(front), closeServer(inner)]);
    },
  };
}
