// Servers of `node:net` and `node:tls` on a free port.

import type { AddressInfo, Server } from "node:net";

/** Listens on a port of `host` that is free, and says which. */
export async function listenOnFreePort(server: Server, host = "127.0.0.1"): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(0, host, resolve);
  await promise;
  server.off("error", reject);
  const address: AddressInfo | string | null = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no port");
  return address.port;
}

/** Takes no more connections; resolves when the last one is gone. */
export async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}
