// Stands between a client and a server, and lets of what the client says only so much through until it is told to go on: a
// handshake stops wherever a test wants.

import { connect, createServer, type Socket } from "node:net";
import { closeServer, listenOnFreePort } from "./node-server.ts";

export interface HoldingRelay extends AsyncDisposable {
  readonly port: number;
  /** Resolves when something is held back. */
  readonly holding: Promise<void>;
  /** How many chunks are held back. */
  readonly held: number;
  /** Lets everything through. */
  release(): void;
  /** Says something to the server that the client did not. */
  say(bytes: Uint8Array): void;
  /** Sends FIN to the server, on which the client has not said goodbye. */
  finish(): void;
}

/** Lets the first chunk of each client through, which is its ClientHello. */
export function startHoldingRelay(to: number): Promise<HoldingRelay> {
  return start(to, true);
}

/** Holds nothing back. `host`: where it listens. */
export function startRelay(to: number, host = "127.0.0.1"): Promise<HoldingRelay> {
  return start(to, false, host);
}

async function start(to: number, holds: boolean, host = "127.0.0.1"): Promise<HoldingRelay> {
  const held: { readonly server: Socket; readonly bytes: Buffer }[] = [];
  const sockets: Socket[] = [];
  /** Whose client has sent FIN behind what is held back. */
  const ending: Socket[] = [];
  const holding = Promise.withResolvers<void>();
  let released = !holds;
  const servers: Socket[] = [];
  const relay = createServer({ allowHalfOpen: true }, (client) => {
    const server = connect({ host: "127.0.0.1", port: to, allowHalfOpen: true });
    sockets.push(client, server);
    servers.push(server);
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
    client.on("end", () => (released ? server.end() : ending.push(server)));
    server.on("end", () => client.end());
    client.on("error", () => server.resetAndDestroy());
    server.on("error", () => client.resetAndDestroy());
  });
  const port = await listenOnFreePort(relay, host);
  return {
    port,
    holding: holding.promise,
    get held() {
      return held.length;
    },
    release() {
      released = true;
      // In one piece, as if the network had been slow.
      const chunks = held.splice(0);
      for (const server of new Set(chunks.map((each) => each.server))) {
        server.write(Buffer.concat(chunks.filter((each) => each.server === server).map(({ bytes }) => bytes)));
      }
      for (const server of ending.splice(0)) server.end();
    },
    say(bytes) {
      for (const server of servers) server.write(bytes);
    },
    finish() {
      for (const server of servers) server.end();
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await closeServer(relay);
    },
  };
}
