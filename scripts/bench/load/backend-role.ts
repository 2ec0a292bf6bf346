// What a backend connection does once its header is known: echo messages, send the pattern, or receive it. All three
// answer FIN with FIN, and treat an abort as a failure of the job.

import { joinBytes } from "./join-bytes.ts";
import type { Ledger } from "./ledger.ts";
import type { LoadSocket, Role } from "./role.ts";
import type { Transfer } from "./transfer.ts";

const NOTHING = new Uint8Array(0);

/** Sends back what it gets. Clients wait for each answer, so that at most one message is ever pending. */
export class Echo implements Role {
  readonly #ledger: Ledger;
  #pending: Uint8Array = NOTHING;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  opened(_socket: LoadSocket): void {}

  received(socket: LoadSocket, chunk: Uint8Array): void {
    this.#send(socket, joinBytes(this.#pending, chunk));
  }

  writable(socket: LoadSocket): void {
    if (this.#pending.length > 0) this.#send(socket, this.#pending);
  }

  ended(socket: LoadSocket): void {
    socket.shutdown();
  }

  closed(error: Error | undefined): void {
    if (error !== undefined) this.#ledger.fail(error);
  }

  failed(error: Error): void {
    this.#ledger.fail(error);
  }

  #send(socket: LoadSocket, bytes: Uint8Array): void {
    const taken = Math.max(0, socket.write(bytes));
    this.#pending = taken === bytes.length ? NOTHING : bytes.slice(taken);
  }
}

/** Sends the pattern. */
export class Source extends Echo {
  readonly #transfer: Transfer;

  constructor(ledger: Ledger, transfer: Transfer) {
    super(ledger);
    this.#transfer = transfer;
  }

  override opened(socket: LoadSocket): void {
    this.#transfer.pump(socket);
  }

  override writable(socket: LoadSocket): void {
    this.#transfer.pump(socket);
  }
}

/** Receives the pattern. */
export class Sink extends Echo {
  readonly #transfer: Transfer;

  constructor(ledger: Ledger, transfer: Transfer) {
    super(ledger);
    this.#transfer = transfer;
  }

  override received(_socket: LoadSocket, chunk: Uint8Array): void {
    this.#transfer.take(chunk);
  }
}
