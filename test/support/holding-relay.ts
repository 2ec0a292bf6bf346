// Stands between a client and a server, and lets of what the client says only so much through until it is told to go on: a
// handshake stops wherever a test wants.

import { connect, createServer, type Socket } from "node:net";

export interface HoldingRelay extends AsyncDisposable {
  readonly port: number;
  /** Resolves when something is held back. */
  readonly holding: Promise<void>;
  /** Lets everything through. */
  release(): void;
}

/** Lets the first chunk of each client through, which is its ClientHello. */
export async function startHoldingRelay(to: number): Promise<HoldingRelay> {
  const held: { readonly server: Socket; readonly bytes: Buffer }[] = [];
  const sockets: Socket[] = [];
  const holding = Promise.withResolvers<void>();
  let released = false;
  const relay = createServer((client) => {
    const server = connect({ host: "127.0.0.1", port: to });
    sockets.push(client, server);
    let first = true;
    client.on("data", (bytes: Buffer) => {
      if (first || released) server.write(bytes);
      else {
        held.push({ server, bytes });
        holding.resolve();
      }
      first = false;
    });
    server.on("data", (bytes: Buffer) => client.write(bytes));
    client.on("end", () => server.end());
    server.on("end", () => client.end());
    client.on("error", () => server.resetAndDestroy());
    server.on("error", () => client.resetAndDestroy());
  });
  const listening = Promise.withResolvers<void>();
  relay.listen(0, "127.0.0.1", listening.resolve);
  await listening.promise;
  const address = relay.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    holding: holding.promise,
    release() {
      released = true;
      for (const { server, bytes } of held.splice(0)) server.write(bytes);
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = Promise.withResolvers<void>();
      relay.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
