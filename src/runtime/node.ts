// The runtime interface on `node:` modules, for Deno and Node. It keeps the seam honest: whatever the program needs has
// to exist here too. Bun's is the fast one, so nothing here is tuned.

import type { Server as HttpNodeServer } from "node:http";
import { connect as connectStream, createServer } from "node:net";
import type { ListenOptions, Server } from "node:net";
import { DatabaseSync } from "node:sqlite";
import type { DialOwner, SocketOwner } from "../socket/socket.ts";
import { bindAddress } from "./bind.ts";
import { adaptDatabase } from "./database.ts";
import { descriptorLimit } from "./descriptor-limit.ts";
import { descriptorsExhausted } from "./descriptors-exhausted.ts";
import { asError } from "./error-code.ts";
import { createFetchServer } from "./node-http.ts";
import { adoptStream, awaitStream } from "./node-socket.ts";
import { HTTP_STOP_MS } from "./runtime.ts";
import type { Database, HttpServer, Listening, Runtime, SocketAddress } from "./runtime.ts";

/** Connections that may wait to be accepted: what Bun uses, so that both runtimes take the same bursts. */
const BACKLOG = 512;

/** The runtime on `node:net`, `node:http` and `node:sqlite`. Holds no state: everything it opens is the caller's. */
export function nodeRuntime(name: "deno" | "node", version: string): Runtime {
  return { name, version, listen, connect, serve, openDatabase, directReader, descriptorLimit, descriptorsExhausted };
}

async function listen(address: SocketAddress, owner: SocketOwner): Promise<Listening> {
  const server = await bindAddress(address, () => {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (stream) => adoptStream(stream, owner));
    return bound(server, address);
  });
  return { port: boundPort(server), stop: () => void server.close() };
}

function connect(address: SocketAddress, owner: DialOwner): void {
  const where = "unix" in address ? { path: address.unix } : { host: address.host, port: address.port };
  try {
    awaitStream(connectStream({ ...where, allowHalfOpen: true, noDelay: true }), owner);
  } catch (cause) {
    // A port above 65535. Told later, as every other failure is.
    queueMicrotask(() => owner.unreachable(asError(cause)));
  }
}

async function serve(
  address: SocketAddress,
  handle: (request: Request) => Response | Promise<Response>,
): Promise<HttpServer> {
  const server = await bindAddress(address, () => bound(createFetchServer(handle), address));
  return { port: boundPort(server), stop: () => stopped(server) };
}

/** Resolves when `server` listens on `address`, rejects when it cannot. */
function bound<Bound extends Server | HttpNodeServer>(server: Bound, address: SocketAddress): Promise<Bound> {
  const options: ListenOptions =
    "unix" in address ? { path: address.unix } : { host: address.host, port: address.port, backlog: BACKLOG };
  return new Promise((resolve, reject) => {
    // Stays for good: an accept that fails (out of descriptors) costs that client its connection, not us the process.
    server.on("error", reject);
    server.listen(options, () => resolve(server));
  });
}

function boundPort(server: Server | HttpNodeServer): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}

/** Lets answers that are being written get out, then ends what is left: idle and streaming connections. */
function stopped(server: HttpNodeServer): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), HTTP_STOP_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function openDatabase(path: string): Database {
  return adaptDatabase(path, () => new DatabaseSync(path));
}

/** Streams buffer in user space: reading behind their back would lose the order of bytes. */
function directReader(): null {
  return null;
}
