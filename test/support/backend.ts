// A server that a test plays: every accepted connection is a `Peer`.

import { createServer, type ListenOptions } from "node:net";
import { Peer } from "./peer.ts";

export interface Backend extends AsyncDisposable {
  /** 0 when it listens on a unix socket. */
  readonly port: number;
  /** Every connection so far, in the order they came. */
  readonly peers: readonly Peer[];
  /** The connection number `index`, as soon as there is one. */
  peer(index?: number): Promise<Peer>;
  /** Stops accepting and resets what is connected. */
  close(): Promise<void>;
}

/** Listens on a free port of 127.0.0.1, or where `at` says; `serve` is called with every connection. */
export async function startBackend(serve: (peer: Peer) => void = () => {}, at: ListenOptions = {}): Promise<Backend> {
  const peers: Peer[] = [];
  const waiting = new Set<() => void>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const peer = new Peer(socket);
    peers.push(peer);
    serve(peer);
    for (const wake of waiting) wake();
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen("path" in at ? at : { host: "127.0.0.1", port: 0, ...at }, resolve);
  await promise;
  const address = server.address();
  const close = async (): Promise<void> => {
    for (const peer of peers) peer.socket.destroy();
    const closed = Promise.withResolvers<void>();
    server.close(() => closed.resolve());
    await closed.promise;
  };
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    peers,
    async peer(index = 0) {
      for (;;) {
        const peer = peers[index];
        if (peer !== undefined) return peer;
        const arrival = Promise.withResolvers<void>();
        waiting.add(arrival.resolve);
        await arrival.promise;
        waiting.delete(arrival.resolve);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Sends back what it gets, and FIN for FIN. */
export function echo(peer: Peer): void {
  peer.socket.pipe(peer.socket);
}

/** Greets with `text` before the client said anything, then echoes. */
export function speaksFirst(text: string): (peer: Peer) => void {
  return (peer) => {
    peer.socket.write(text);
    echo(peer);
  };
}
