// `Runtime.serve`, the same under every runtime: on `node:http`, whose servers can cap their connections. `Bun.serve` is
// faster and cannot: silent connections to the admin port would take the descriptors that clients of routes need.

import type { Server } from "node:http";
import { bindAddress } from "./bind.ts";
import { bound, boundPort } from "./node-bind.ts";
import { createFetchServer } from "./node-http.ts";
import { HTTP_CONNECTIONS, HTTP_STOP_MS } from "./runtime.ts";
import type { HttpServer, SocketAddress } from "./runtime.ts";

/**
 * A connection on which nothing moved for this long is closed. Short, because whoever holds all connections keeps others
 * out; an event stream has to send a heartbeat more often.
 */
const IDLE_TIMEOUT_MS = 10_000;

/** Serves HTTP/1.1. Rejects with GatewayError when the address cannot be bound. */
export async function serve(
  address: SocketAddress,
  handle: (request: Request) => Response | Promise<Response>,
): Promise<HttpServer> {
  const server = await bindAddress(address, () => {
    const unbound = createFetchServer(handle);
    unbound.maxConnections = HTTP_CONNECTIONS;
    unbound.setTimeout(IDLE_TIMEOUT_MS);
    return bound(unbound, address);
  });
  return { port: boundPort(server), stop: () => stopped(server) };
}

/** Lets answers that are being written get out, then ends what is left: idle and streaming connections. */
function stopped(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), HTTP_STOP_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
