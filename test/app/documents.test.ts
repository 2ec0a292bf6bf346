import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDocumentStore } from "../../src/app/documents.ts";
import { killWriter } from "../support/kill-writer.ts";
import { codeThrownBy, openDatabase, SQLITE_BINDINGS, sqliteDirectory } from "../support/sqlite.ts";

const NOON = new Date("2026-01-02T12:00:00Z");
const WRITER = join(import.meta.dir, "../support/document-writer.ts");

describe.each(SQLITE_BINDINGS)("the document store on %s", (_name, open) => {
  test("gives documents back as they were put, sorted by name", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const store = openDocumentStore(database);
    const text = "listen: 1\n# \0 é 🏰\r\n";
    expect(store.put("b", text, NOON)).toBe(true);
    expect(store.put("a", "", NOON)).toBe(true);
    expect(store.list().map((document) => document.name)).toEqual(["a", "b"]);
    expect({ ...store.get("b") }).toEqual({ name: "b", text, updatedAt: "2026-01-02T12:00:00.000Z" });
    expect(store.get("c")).toBeUndefined();
    database.close();
  });

  test("tells a replaced document from a new one, also after a deletion", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const store = openDocumentStore(database);
    expect(store.put("a", "1", NOON)).toBe(true);
    expect(store.put("a", "2", new Date(NOON.getTime() + 1000))).toBe(false);
    expect({ ...store.get("a") }).toEqual({ name: "a", text: "2", updatedAt: "2026-01-02T12:00:01.000Z" });
    expect(store.delete("a")).toBe(true);
    expect(store.delete("a")).toBe(false);
    expect(store.put("a", "3", NOON)).toBe(true);
    database.close();
  });

  test("survives being closed and opened again", () => {
    using directory = sqliteDirectory();
    const first = open(directory.file("state.db"));
    openDocumentStore(first).put("a", "x".repeat(3_000_000), NOON);
    first.close();
    expect(existsSync(directory.file("state.db-wal"))).toBe(false);
    const second = open(directory.file("state.db"));
    expect(openDocumentStore(second).get("a")?.text).toHaveLength(3_000_000);
    second.close();
  });

  test("writes ahead to a log and waits for the disk", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    openDocumentStore(database);
    expect({ ...database.all<object>("PRAGMA journal_mode")[0] }).toEqual({ journal_mode: "wal" });
    expect({ ...database.all<object>("PRAGMA synchronous")[0] }).toEqual({ synchronous: 2 });
    expect({ ...database.all<object>("PRAGMA busy_timeout")[0] }).toEqual({ timeout: 50 });
    database.close();
  });

  test("refuses a state file of a newer version and leaves it as it is", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    database.exec("PRAGMA user_version = 99");
    expect(codeThrownBy(() => openDocumentStore(database))).toBe("state/newer");
    expect(database.all("SELECT name FROM sqlite_schema")).toEqual([]);
    database.close();
  });

  test("refuses a file that is not a database and does not write to it", async () => {
    using directory = sqliteDirectory();
    const path = directory.file("state.db");
    const text = "not a database ".repeat(100);
    writeFileSync(path, text);
    expect(codeThrownBy(() => openDocumentStore(open(path)))).toBe("state/not-a-database");
    expect(await Bun.file(path).text()).toBe(text);
  });

  test("undoes a migration that fails", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    database.exec("CREATE TABLE document (something_else)");
    expect(codeThrownBy(() => openDocumentStore(database))).toBe("state/failed");
    expect({ ...database.all<object>("PRAGMA user_version")[0] }).toEqual({ user_version: 0 });
    database.exec("BEGIN; COMMIT");
    database.close();
  });
});

test("two processes that start on one new state file both store what they were given", async () => {
  using directory = sqliteDirectory();
  const path = directory.file("state.db");
  const writers = ["a", "b"].map((prefix) =>
    Bun.spawn([process.execPath, WRITER, path, prefix, "25"], { stdout: "pipe", stderr: "pipe" }),
  );
  for (const writer of writers) {
    const [stderr, code] = await Promise.all([new Response(writer.stderr).text(), writer.exited]);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
  }
  const database = openDatabase(path);
  expect(openDocumentStore(database).list()).toHaveLength(50);
  database.close();
});

test("a process killed while it writes loses nothing that it had confirmed", async () => {
  using directory = sqliteDirectory();
  const path = directory.file("state.db");
  const names = await killWriter("document-writer.ts", path, "a", "1000000");
  const database = openDatabase(path);
  const stored = new Set(
    openDocumentStore(database)
      .list()
      .map((document) => document.name),
  );
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !stored.has(name))).toEqual([]);
  expect({ ...database.all<object>("PRAGMA integrity_check")[0] }).toEqual({ integrity_check: "ok" });
  database.close();
});
