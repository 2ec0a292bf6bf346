// The backend of every measurement. The first five bytes of a connection say what it does (`E` echo, `D` send the
// pattern, `U` receive it) and, for transfers, which one it is.

import { Echo, Sink, Source } from "./backend-role.ts";
import { joinBytes } from "./join-bytes.ts";
import type { Ledger } from "./ledger.ts";
import type { ServerTls } from "./protocol.ts";
import { HANDLERS, type LoadSocket, type Role } from "./role.ts";
import { serverOptions } from "./tls.ts";

/** Mode byte and transfer number. */
const HEADER_BYTES = 5;

/** What a connection asks of the backend. */
export type Mode = "E" | "D" | "U";

/** The bytes that a client sends first. */
export function encodeHeader(mode: Mode, transfer: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = mode.charCodeAt(0);
  new DataView(header.buffer).setUint32(1, transfer);
  return header;
}

/** Listens on a free port of loopback and returns it. Lives as long as the process. */
export function startBackend(ledger: Ledger, tls?: ServerTls): number {
  const options = {
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    data: new Greeting(ledger),
    socket: {
      ...HANDLERS,
      // An accepted socket starts with the listener's own data object, which all would share.
      open: (socket: LoadSocket) => {
        socket.data = new Greeting(ledger);
      },
    },
  };
  return Bun.listen<Role>(tls === undefined ? options : { ...options, tls: serverOptions(tls) }).port;
}

/** Collects the header, then hands the socket to the role it asks for. */
class Greeting implements Role {
  readonly #ledger: Ledger;
  #header = new Uint8Array(0);

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  opened(): void {}

  received(socket: LoadSocket, chunk: Uint8Array): void {
    const bytes = joinBytes(this.#header, chunk);
    if (bytes.length < HEADER_BYTES) {
      this.#header = bytes.slice();
      return;
    }
    const role = chooseRole(bytes, this.#ledger);
    if (role === undefined) {
      this.#ledger.fail(new Error("The backend was sent an unknown header"));
      socket.terminate();
      return;
    }
    socket.data = role;
    role.opened(socket);
    if (bytes.length > HEADER_BYTES) role.received(socket, bytes.subarray(HEADER_BYTES));
  }

  writable(): void {}

  /** A connection without a word is how readiness is probed. */
  ended(socket: LoadSocket): void {
    socket.shutdown();
  }

  closed(): void {}

  failed(error: Error): void {
    this.#ledger.fail(error);
  }
}

function chooseRole(bytes: Uint8Array, ledger: Ledger): Role | undefined {
  const mode = String.fromCharCode(bytes[0] ?? 0);
  if (mode === "E") return new Echo(ledger);
  const transfer = ledger.transfers.get(new DataView(bytes.buffer, bytes.byteOffset).getUint32(1));
  if (transfer === undefined) return undefined;
  if (mode === "D") return new Source(ledger, transfer);
  return mode === "U" ? new Sink(ledger, transfer) : undefined;
}
