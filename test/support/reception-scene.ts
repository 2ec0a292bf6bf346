// An engine whose sockets have no kernel: a test plays clients before a listener and the backends behind it, chunk by
// chunk. TLS is played, too: a handshake is over at once, and what follows the first message is in the clear.

import { Engine } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { Tls } from "../../src/runtime/tls.ts";
import type { DialOwner, SocketOwner } from "../../src/socket/socket.ts";
import { MemorySocket } from "./memory-socket.ts";
import { RecordedLog } from "./recorded-log.ts";

/** More than anybody here sends. */
const WINDOW_BYTES = 1024 * 1024;

const PLAYED_TLS: Tls = {
  serverContext: () => ({ role: "server" }),
  clientContext: () => ({ role: "client" }),
  accept(socket, _context, _received, owner) {
    socket.data = owner;
    owner.secured(socket, { version: "TLSv1.3" });
    return socket;
  },
  start(socket, _context, _serverName, owner) {
    socket.data = owner;
    owner.secured(socket, { version: "TLSv1.3" });
    return socket;
  },
};

export class ReceptionScene implements AsyncDisposable {
  readonly engine: Engine;
  readonly log = new RecordedLog();
  /** Everything that was dialled and opened. */
  readonly backends: MemorySocket[] = [];
  readonly #listeners = new Map<number, SocketOwner>();
  readonly #dials: DialOwner[] = [];

  constructor() {
    const runtime: Runtime = {
      ...bunRuntime(),
      tls: PLAYED_TLS,
      directReader: () => null,
      listen: (address, owner) => {
        const port = "port" in address ? address.port : 0;
        this.#listeners.set(port, owner);
        return Promise.resolve({ port, stop: () => {} });
      },
      connect: (_address, owner) => this.#dials.push(owner),
    };
    this.engine = new Engine({ runtime, log: this.log });
  }

  apply(plan: Plan): Promise<void> {
    return this.engine.apply(plan);
  }

  /** A client of the listener on `port`. */
  connect(port: number): MemorySocket {
    const owner = this.#listeners.get(port);
    if (owner === undefined) throw new Error(`Nothing listens on ${port}`);
    const socket = new MemorySocket(WINDOW_BYTES);
    socket.data = owner;
    owner.opened(socket);
    return socket;
  }

  /** Opens or refuses what is being dialled. */
  settleDials(how: "open" | "refused"): void {
    for (const owner of this.#dials.splice(0)) {
      if (how === "refused") {
        owner.unreachable(Object.assign(new Error("Refused"), { code: "ECONNREFUSED" }));
        continue;
      }
      const socket = new MemorySocket(WINDOW_BYTES);
      socket.data = owner;
      this.backends.push(socket);
      owner.opened(socket);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
  }
}
