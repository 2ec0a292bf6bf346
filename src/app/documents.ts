// Documents put through the admin API, kept in the state database. Every change is one SQLite statement, so a process
// that is killed leaves each document either as it was or as it was put. Knows nothing of YAML or of what a name may be.

import type { StoredDocument } from "../admin/view.ts";
import type { Database } from "../runtime/runtime.ts";
import { prepareState } from "./state.ts";

/** The stored documents. Every method throws GatewayError `state/…` when the database cannot be used. */
export interface DocumentStore {
  /** All of them by name. */
  list(): StoredDocument[];
  get(name: string): StoredDocument | undefined;
  /** Stores or replaces; true when there was none with this name. On disk when it returns. */
  put(name: string, text: string, updatedAt: Date): boolean;
  /** False when there is none with this name. */
  delete(name: string): boolean;
}

const COLUMNS = "name, text, updated_at AS updatedAt";

/** Opens the store in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openDocumentStore(database: Database): DocumentStore {
  prepareState(database);
  return {
    list: () => database.all<StoredDocument>(`SELECT ${COLUMNS} FROM document ORDER BY name`),
    get: (name) => database.all<StoredDocument>(`SELECT ${COLUMNS} FROM document WHERE name = ?`, name)[0],
    put: (name, text, updatedAt) => {
      const [row] = database.all<{ revision: number }>(
        `INSERT INTO document (name, text, updated_at, revision) VALUES (?, ?, ?, 1)
         ON CONFLICT (name) DO UPDATE
         SET text = excluded.text, updated_at = excluded.updated_at, revision = revision + 1
         RETURNING revision`,
        name,
        text,
        updatedAt.toISOString(),
      );
      return row?.revision === 1;
    },
    delete: (name) => database.all("DELETE FROM document WHERE name = ? RETURNING name", name).length > 0,
  };
}
