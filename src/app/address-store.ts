// The tables of the state database that TCP addresses are kept in: those that were made through the admin port, and those that
// objects have.

import type { HostPort } from "../plan/addresses.ts";
import type { Database } from "../runtime/runtime.ts";
import { inTransaction, prepareState } from "./state.ts";

/** What is kept of an address that was made through the admin port. */
export interface AddressRow extends HostPort {
  /** `ra_…`; a later one sorts behind. */
  readonly id: string;
  readonly description: string;
  readonly metadata: string;
  /** ISO 8601 in UTC. */
  readonly createdAt: string;
}

/** Where they outlive the process. Every method throws GatewayError `state/…` when the database cannot be used. */
export interface AddressStore {
  /** All of them, the oldest first. */
  list(): readonly AddressRow[];
  /** Stores or replaces; on disk when it returns. */
  put(row: AddressRow): void;
  delete(id: string): void;
}

/** What is kept of the address of an object. */
export interface AllotmentRow extends HostPort {
  readonly key: string;
}

export interface AllotmentStore {
  list(): readonly AllotmentRow[];
  /** All of it or nothing; throws GatewayError `state/…` when it cannot. */
  write(put: readonly AllotmentRow[], removed: readonly string[]): void;
}

/** Opens the table in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openAddressStore(database: Database): AddressStore {
  prepareState(database);
  return {
    list: () =>
      database.all<AddressRow>(
        "SELECT id, host, port, description, metadata, created_at AS createdAt FROM address ORDER BY id",
      ),
    put: ({ id, host, port, description, metadata, createdAt }) => {
      database.all(
        `INSERT INTO address (id, host, port, description, metadata, created_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET description = excluded.description, metadata = excluded.metadata`,
        id,
        host,
        port,
        description,
        metadata,
        createdAt,
      );
    },
    delete: (id) => void database.all("DELETE FROM address WHERE id = ?", id),
  };
}

/** Opens the table in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openAllotmentStore(database: Database): AllotmentStore {
  prepareState(database);
  return {
    list: () => database.all<AllotmentRow>("SELECT key, host, port FROM allotment ORDER BY key"),
    write: (put, removed) =>
      inTransaction(database, () => {
        // Two objects may have changed places, and no address is there twice.
        for (const key of [...removed, ...put.map((row) => row.key)]) {
          database.all("DELETE FROM allotment WHERE key = ?", key);
        }
        for (const { key, host, port } of put) {
          database.all("INSERT INTO allotment (key, host, port) VALUES (?, ?, ?)", key, host, port);
        }
      }),
  };
}
