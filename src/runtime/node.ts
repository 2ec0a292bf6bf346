// The runtime interface on `node:` modules, for Deno and Node. It keeps the seam honest: whatever the program needs has
// to exist here too. Bun's is the fast one, so nothing here is tuned.

import { connect as connectStream, createServer } from "node:net";
import { DatabaseSync } from "node:sqlite";
import type { DialOwner, SocketOwner } from "../socket/socket.ts";
import { bindAddress } from "./bind.ts";
import { adaptDatabase } from "./database.ts";
import { descriptorLimit } from "./descriptor-limit.ts";
import { descriptorsExhausted } from "./descriptors-exhausted.ts";
import { asError } from "./error-code.ts";
import { bound, boundPort } from "./node-bind.ts";
import { adoptStream, awaitStream } from "./node-socket.ts";
import { nodeTls } from "./node-tls.ts";
import { serve } from "./serve.ts";
import type { Database, Listening, Runtime, SocketAddress } from "./runtime.ts";

/** The runtime on `node:net`, `node:http` and `node:sqlite`. Holds no state: everything it opens is the caller's. */
export function nodeRuntime(name: "deno" | "node", version: string): Runtime {
  return {
    name,
    version,
    listen,
    connect,
    serve,
    // What Deno's does not verify: ARCHITECTURE.md, "The second runtime".
    tls: nodeTls(name !== "deno"),
    openDatabase,
    directReader,
    descriptorLimit,
    descriptorsExhausted,
  };
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

function openDatabase(path: string): Database {
  return adaptDatabase(path, () => new DatabaseSync(path));
}

/** Streams buffer in user space: reading behind their back would lose the order of bytes. */
function directReader(): null {
  return null;
}
