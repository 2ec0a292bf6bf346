// Turns a runtime's own SQLite handle into the `Database` of the seam. `bun:sqlite` and `node:sqlite` share the shape
// below and differ in how they report errors; what leaves here is always a GatewayError `state/…` that names the file.
// Knows no schema.

import { GatewayError } from "../base/gateway-error.ts";
import type { Database, SqlValue } from "./runtime.ts";

/** What `bun:sqlite`'s `Database` and `node:sqlite`'s `DatabaseSync` have in common. */
export interface NativeDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): NativeStatement;
  close(): void;
}

/** A prepared statement of either. */
export interface NativeStatement {
  all(...parameters: SqlValue[]): unknown[];
  /** Bun keeps the file open until every statement is finalized; Node does it in `close`. */
  finalize?(): void;
}

/**
 * Opens the database file at `path` with `open` and adapts it. Throws GatewayError `state/…`, from here and from every
 * method of the result: `locked`, `not-a-database`, `corrupt`, `full`, `read-only`, `cannot-open`, `io`, `closed`, `failed`.
 */
export function adaptDatabase(path: string, open: () => NativeDatabase): Database {
  const native = translated(path, open);
  const statements = new Map<string, NativeStatement>();
  let closed = false;

  function run<Result>(operation: () => Result): Result {
    if (closed) throw new GatewayError("state/closed", `Cannot use the state file "${path}": it was closed`);
    return translated(path, operation);
  }

  return {
    exec: (sql) => {
      run(() => native.exec(sql));
    },
    all: <Row>(sql: string, ...parameters: SqlValue[]) =>
      run(() => {
        let statement = statements.get(sql);
        if (statement === undefined) {
          statement = native.prepare(sql);
          statements.set(sql, statement);
        }
        // The caller wrote the SQL and so knows the shape of its rows.
        return statement.all(...parameters) as Row[];
      }),
    close: () => {
      if (closed) return;
      closed = true;
      translated(path, () => {
        for (const statement of statements.values()) statement.finalize?.();
        native.close();
      });
    },
  };
}

function translated<Result>(path: string, operation: () => Result): Result {
  try {
    return operation();
  } catch (cause) {
    const [code, why] = FAILURES.get(primaryResultCode(cause)) ?? ["failed", describe(cause)];
    throw new GatewayError(`state/${code}`, `Cannot use the state file "${path}": ${why}`, cause);
  }
}

/** SQLite primary result codes that an operator can do something about (sqlite.org/rescode.html). */
const FAILURES: ReadonlyMap<number, readonly [code: string, why: string]> = new Map([
  [5, ["locked", "another process is writing to it; is a second gateway running with the same state file?"]],
  [6, ["locked", "another process is writing to it; is a second gateway running with the same state file?"]],
  [8, ["read-only", "it or its directory cannot be written"]],
  [10, ["io", "the disk reported an error"]],
  [11, ["corrupt", "it is damaged; move it away to start with an empty one"]],
  [13, ["full", "the disk is full"]],
  [14, ["cannot-open", "it cannot be opened; its directory must exist and the path must be a file"]],
  [26, ["not-a-database", "it is not an SQLite database; move it away or name another file"]],
]);

/** The low byte of SQLite's extended result code, which Bun calls `errno` and Node `errcode`. */
function primaryResultCode(error: unknown): number {
  if (!(error instanceof Error)) return 0;
  if ("errno" in error && typeof error.errno === "number") return error.errno & 0xff;
  if ("errcode" in error && typeof error.errcode === "number") return error.errcode & 0xff;
  return 0;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
