// Both SQLite bindings behind the `Database` of the seam, and directories for their files that clean up after themselves.

import { Database as BunDatabase } from "bun:sqlite";
import { DatabaseSync } from "node:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adaptDatabase } from "../../src/runtime/database.ts";
import type { Database } from "../../src/runtime/runtime.ts";

/** Name and opener of each binding, for `describe.each`. */
export const SQLITE_BINDINGS: [name: string, open: (path: string) => Database][] = [
  ["bun:sqlite", openDatabase],
  ["node:sqlite", (path) => adaptDatabase(path, () => new DatabaseSync(path))],
];

/** Opens a file with the first of them, where it does not matter which. */
export function openDatabase(path: string): Database {
  return adaptDatabase(path, () => new BunDatabase(path));
}

/** A fresh directory, removed when it goes out of scope. */
export function sqliteDirectory(): Disposable & { file(name: string): string } {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-sqlite-"));
  return {
    file: (name) => join(directory, name),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** The code that `operation` throws with. */
export function codeThrownBy(operation: () => unknown): unknown {
  try {
    operation();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
  return "nothing was thrown";
}
