// A backend that speaks TLS and greets with a letter, and echoes.

import { createServer, type TLSSocket, type TlsOptions } from "node:tls";
import { closeServer, listenOnFreePort } from "./node-server.ts";
import { tlsPem } from "./tls-client.ts";

export interface TlsBackend extends AsyncDisposable {
  readonly port: number;
  /** Connections whose handshake is over, in the order they came. */
  readonly secured: readonly TLSSocket[];
  /** Common names of the certificates that clients showed, in the same order. */
  readonly shown: readonly (string | undefined)[];
  /** Connections that were accepted. */
  readonly accepted: number;
}

/** `certificate`: the name of one in test/fixtures/tls with its key, or of the two. */
export async function startTlsBackend(
  letter: string,
  certificate: string | readonly [certificate: string, key: string] = "one",
  options: TlsOptions = {},
): Promise<TlsBackend> {
  const names = typeof certificate === "string" ? [`${certificate}.pem`, `${certificate}.key`] : certificate;
  const [cert, key] = names.map(tlsPem);
  const secured: TLSSocket[] = [];
  const shown: (string | undefined)[] = [];
  const sockets = new Set<{ destroy(): void }>();
  let accepted = 0;
  const server = createServer({ cert, key, allowHalfOpen: true, ...options }, (socket) => {
    secured.push(socket);
    const { subject }: { subject?: { CN?: unknown } } = socket.getPeerCertificate() ?? {};
    shown.push(subject?.CN === undefined ? undefined : String(subject.CN));
    socket.on("error", () => {});
    socket.write(letter);
    socket.pipe(socket);
  });
  server.on("tlsClientError", () => {});
  server.on("connection", (socket) => {
    accepted++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  });
  const port = await listenOnFreePort(server);
  return {
    port,
    secured,
    shown,
    get accepted() {
      return accepted;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      for (const socket of secured) socket.destroy();
      await closeServer(server);
    },
  };
}
