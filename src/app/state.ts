// The schema of the state database: pragmas and migrations. Stores (documents, overrides, the ledger, addresses) own their statements; this
// file alone owns tables, so that one version number tells what a file contains.

import { GatewayError } from "../base/gateway-error.ts";
import type { Database } from "../runtime/runtime.ts";

/** One entry per schema version, in order; never changed once released. */
const MIGRATIONS: readonly string[] = [
  // `revision` counts the puts of a document, so that an upsert can tell whether it inserted.
  `CREATE TABLE document (
    name TEXT NOT NULL PRIMARY KEY,
    text TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    revision INTEGER NOT NULL
  ) STRICT`,
  // What was set by hand for one backend of one route; NULL is as written.
  `CREATE TABLE override (
    route TEXT NOT NULL,
    backend TEXT NOT NULL,
    weight INTEGER,
    state TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (route, backend)
  ) STRICT`,
  // Since when an object with `apiVersion` and `kind` is there, and how often its spec has changed; never what it says.
  `CREATE TABLE object (
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    spec_hash TEXT NOT NULL,
    generation INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    PRIMARY KEY (kind, namespace, name)
  ) STRICT`,
  // TCP addresses that were made through the admin port.
  `CREATE TABLE address (
    id TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    description TEXT NOT NULL,
    metadata TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (host, port)
  ) STRICT`,
  // TCP addresses that objects with `apiVersion` and `kind` have as long as they are there.
  `CREATE TABLE allotment (
    key TEXT NOT NULL PRIMARY KEY,
    host TEXT NOT NULL,
    port INTEGER NOT NULL,
    UNIQUE (host, port)
  ) STRICT`,
];

/** Waits for another process (a CLI, a gateway that is just ending) rather than fail at once. */
const BUSY_TIMEOUT_MS = 5000;

/** Once traffic flows: SQLite waits on the event loop's thread, and nobody's bytes may wait for another process's lock. */
const RUNNING_BUSY_TIMEOUT_MS = 50;

/** Attempts to turn on WAL: SQLite does not wait for locks there, and one competitor needs it once. */
const WAL_ATTEMPTS = 50;

/**
 * Makes an open database ready: write-ahead log, every commit on disk before it returns (so `kill -9` and power loss
 * keep what was answered), and the newest schema. May be called again. Throws GatewayError `state/…`; `state/newer` when a
 * later version of the program wrote the file.
 */
export function prepareState(database: Database): void {
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  useWriteAheadLog(database);
  database.exec("PRAGMA synchronous = FULL");
  migrate(database);
  database.exec(`PRAGMA busy_timeout = ${RUNNING_BUSY_TIMEOUT_MS}`);
}

function migrate(database: Database): void {
  if (schemaVersion(database) === MIGRATIONS.length) return;
  inTransaction(database, () => {
    // Read again under the lock: another process may have migrated meanwhile.
    for (const migration of MIGRATIONS.slice(schemaVersion(database))) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  });
}

/** Makes several statements one: all of them are on disk when it returns, or none of them ever is and it throws. */
export function inTransaction(database: Database, act: () => void): void {
  database.exec("BEGIN IMMEDIATE");
  try {
    act();
    database.exec("COMMIT");
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has done it itself, as it does when the disk is full. Why is in `error`.
    }
    throw error;
  }
}

function schemaVersion(database: Database): number {
  const version = database.all<{ user_version: number }>("PRAGMA user_version")[0]?.user_version ?? 0;
  if (version > MIGRATIONS.length) {
    throw new GatewayError(
      "state/newer",
      `Cannot use the state file: it has schema version ${version}, this program knows up to ${MIGRATIONS.length}; start the newer program or name another file`,
    );
  }
  return version;
}

function useWriteAheadLog(database: Database): void {
  for (let attempt = 1; ; attempt++) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (attempt === WAL_ATTEMPTS || !(error instanceof GatewayError) || error.code !== "state/locked") throw error;
      // Waits, with the busy timeout, until the competitor's transaction is over.
      database.exec("BEGIN IMMEDIATE; COMMIT");
    }
  }
}
