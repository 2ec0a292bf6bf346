// The runtime interface on Bun: the only file below the entry point that may say `Bun.`. Bun's sockets are used as they
// are. There is one handler table for all accepted and one for all dialled sockets, and every event goes to the owner in
// `socket.data`, so a socket costs no wrapper, no closure, and a chunk no allocation of ours. What we rely on in Bun is
// proven in test/contract/.

import { Database as BunDatabase } from "bun:sqlite";
import type { DialOwner, SocketOwner } from "../socket/socket.ts";
import { bindAddress } from "./bind.ts";
import { directReader } from "./bun-direct-reader.ts";
import { adaptDatabase } from "./database.ts";
import { descriptorLimit } from "./descriptor-limit.ts";
import { descriptorsExhausted } from "./descriptors-exhausted.ts";
import { asError } from "./error-code.ts";
import { bunTls } from "./bun-tls.ts";
import { serve } from "./serve.ts";
import type { Database, Listening, Runtime, SocketAddress } from "./runtime.ts";

/** What happens on a socket, whoever opened it. `end` has to be there: without it Bun closes at the peer's FIN. */
const EVENTS = {
  // Plain arrays: nothing below needs what Buffer adds.
  binaryType: "uint8array",
  open(socket: Bun.Socket<SocketOwner>): void {
    // Bun closes a socket whose `open` throws. The owner decides that, as after any other throw.
    try {
      socket.data.opened(socket);
    } catch (cause) {
      socket.data.failed(asError(cause));
    }
  },
  data(socket: Bun.Socket<SocketOwner>, bytes: Uint8Array): void {
    socket.data.received(bytes);
  },
  drain(socket: Bun.Socket<SocketOwner>): void {
    socket.data.writable();
  },
  end(socket: Bun.Socket<SocketOwner>): void {
    socket.data.ended();
  },
  close(socket: Bun.Socket<SocketOwner>, error?: Error): void {
    socket.data.closed(error);
  },
  error(socket: Bun.Socket<SocketOwner>, error: Error): void {
    socket.data.failed(error);
  },
} as const;

const DIAL_EVENTS = {
  ...EVENTS,
  connectError(socket: Bun.Socket<DialOwner>, error: Error): void {
    socket.data.unreachable(error);
  },
} as const;

/** The runtime on Bun. Holds no state: everything it opens is the caller's. */
export function bunRuntime(): Runtime {
  return {
    name: "bun",
    version: Bun.version,
    listen,
    connect,
    serve,
    tls: bunTls,
    openDatabase,
    directReader,
    descriptorLimit,
    descriptorsExhausted,
  };
}

function listen(address: SocketAddress, owner: SocketOwner): Promise<Listening> {
  return bindAddress(address, () => {
    if ("unix" in address) {
      const listener = Bun.listen({ unix: address.unix, allowHalfOpen: true, data: owner, socket: EVENTS });
      return { port: 0, stop: () => listener.stop(false) };
    }
    const { host: hostname, port } = address;
    const listener = Bun.listen({ hostname, port, allowHalfOpen: true, data: owner, socket: EVENTS });
    return { port: listener.port, stop: () => listener.stop(false) };
  });
}

function connect(address: SocketAddress, owner: DialOwner): void {
  // In a microtask, because Bun opens and refuses unix sockets inside the call: nobody hears of a dial before it returns.
  queueMicrotask(() => dial(address, owner));
}

function dial(address: SocketAddress, owner: DialOwner): void {
  const socket = DIAL_EVENTS;
  try {
    // The promise says the same as `open` and `connectError`, which have been called when it settles. A rejection that
    // `connectError` heard of is not reported as unhandled, so there is nothing to wait for and nothing is swallowed.
    if ("unix" in address) void Bun.connect({ unix: address.unix, allowHalfOpen: true, data: owner, socket });
    else void Bun.connect({ hostname: address.host, port: address.port, allowHalfOpen: true, data: owner, socket });
  } catch (cause) {
    owner.unreachable(asError(cause)); // Bun judges the options at once: a port above 65535, an empty path.
  }
}

function openDatabase(path: string): Database {
  return adaptDatabase(path, () => new BunDatabase(path, { create: true }));
}
