// Bulk: as many bytes as possible in both directions, over a few connections: each carries one transfer, half of them
// from the client and half from the backend. Every byte that was sent must arrive, in its place.

import { encodeHeader } from "./backend.ts";
import { connect } from "./dial.ts";
import type { Ledger } from "./ledger.ts";
import type { ClientTls, Work } from "./protocol.ts";
import type { LoadSocket, Role } from "./role.ts";
import { Transfer } from "./transfer.ts";

/** What to transfer, and through what. */
export interface BulkOrder {
  readonly port: number;
  readonly seconds: number;
  readonly windowBytes: number;
  readonly tls: ClientTls | undefined;
}

/** Transfers in each direction. */
const TRANSFERS_EACH_WAY = 2;

/** Runs the transfers for `seconds`, with at most `windowBytes` of each on the way; the units are bytes. */
export async function runBulk(ledger: Ledger, { port, seconds, windowBytes, tls }: BulkOrder): Promise<Work> {
  const started = performance.now();
  ledger.transfers.clear();
  const all = Array.from({ length: 2 * TRANSFERS_EACH_WAY }, (_, number) => {
    const transfer = new Transfer(started + seconds * 1000, windowBytes);
    ledger.transfers.set(number, transfer);
    const client = new BulkClient(number % 2 === 0 ? "D" : "U", number, transfer);
    void connect(port, client, tls);
    return client.done;
  });
  await Promise.all(all);
  let units = 0;
  for (const transfer of ledger.transfers.values()) units += transfer.received;
  return { units, seconds: (performance.now() - started) / 1000 };
}

class BulkClient implements Role {
  readonly #mode: "D" | "U";
  readonly #number: number;
  readonly #transfer: Transfer;
  readonly #done = Promise.withResolvers<void>();

  constructor(mode: "D" | "U", number: number, transfer: Transfer) {
    this.#mode = mode;
    this.#number = number;
    this.#transfer = transfer;
  }

  /** Resolves when the transfer has arrived whole and the connection is closed. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  opened(socket: LoadSocket): void {
    socket.write(encodeHeader(this.#mode, this.#number));
    if (this.#mode === "U") this.#transfer.pump(socket);
  }

  received(_socket: LoadSocket, chunk: Uint8Array): void {
    if (this.#mode === "D") this.#transfer.take(chunk);
    else this.failed(new Error("The backend answered an upload"));
  }

  writable(socket: LoadSocket): void {
    if (this.#mode === "U") this.#transfer.pump(socket);
  }

  ended(socket: LoadSocket): void {
    socket.shutdown();
  }

  closed(error: Error | undefined): void {
    const wrong = error?.message ?? this.#transfer.verdict();
    if (wrong === undefined) this.#done.resolve();
    else this.failed(new Error(`Bulk transfer ${this.#number} (${this.#mode}) failed: ${wrong}`));
  }

  failed(error: Error): void {
    this.#done.reject(error);
  }
}
