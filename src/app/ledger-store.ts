// The table of the state database that the ledger is kept in.

import type { Database } from "../runtime/runtime.ts";
import { inTransaction, prepareState } from "./state.ts";

/** What is kept of one object. */
export interface LedgerRow {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly specHash: string;
  readonly generation: number;
  /** When it was seen first, to the millisecond: two loads of one second are not of one age. */
  readonly createdAt: string;
}

/** Where rows outlive the process. */
export interface LedgerStore {
  list(): readonly LedgerRow[];
  /** All of it or nothing; throws when it cannot. */
  write(put: readonly LedgerRow[], removed: readonly LedgerRow[]): void;
}

/** Opens the table in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openLedgerStore(database: Database): LedgerStore {
  prepareState(database);
  const put = ({ kind, namespace, name, specHash, generation, createdAt }: LedgerRow): void => {
    database.all(
      `INSERT INTO object (kind, namespace, name, spec_hash, generation, created_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (kind, namespace, name) DO UPDATE
       SET spec_hash = excluded.spec_hash, generation = excluded.generation, created_at = excluded.created_at`,
      kind,
      namespace,
      name,
      specHash,
      generation,
      createdAt,
    );
  };
  const remove = ({ kind, namespace, name }: LedgerRow): void => {
    database.all("DELETE FROM object WHERE kind = ? AND namespace = ? AND name = ?", kind, namespace, name);
  };
  return {
    list: () =>
      database.all<LedgerRow>(
        "SELECT kind, namespace, name, spec_hash AS specHash, generation, created_at AS createdAt FROM object",
      ),
    write: (changed, removed) =>
      inTransaction(database, () => {
        for (const row of removed) remove(row);
        for (const row of changed) put(row);
      }),
  };
}
