// How servers of `node:net` and `node:http` bind, and which port they got.

import type { Server as HttpNodeServer } from "node:http";
import type { ListenOptions, Server } from "node:net";
import type { SocketAddress } from "./runtime.ts";

/** Connections that may wait to be accepted: what Bun uses, so that both runtimes take the same bursts. */
const BACKLOG = 512;

/** Resolves when `server` listens on `address`, rejects when it cannot. */
export function bound<Bound extends Server | HttpNodeServer>(server: Bound, address: SocketAddress): Promise<Bound> {
  const options: ListenOptions =
    "unix" in address ? { path: address.unix } : { host: address.host, port: address.port, backlog: BACKLOG };
  return new Promise((resolve, reject) => {
    // Stays for good: an accept that fails (out of descriptors) costs that client its connection, not us the process.
    server.on("error", reject);
    server.listen(options, () => resolve(server));
  });
}

/** The bound port; 0 for unix sockets. */
export function boundPort(server: Server | HttpNodeServer): number {
  const address = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
}
