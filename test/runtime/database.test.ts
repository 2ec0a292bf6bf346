import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { codeThrownBy, SQLITE_BINDINGS, sqliteDirectory } from "../support/sqlite.ts";

describe.each(SQLITE_BINDINGS)("a database of %s", (_name, open) => {
  test("gives back every kind of value that was stored", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    database.exec("CREATE TABLE value (a, b, c, d, e)");
    const text = "zero \0 é 🏰";
    database.all("INSERT INTO value VALUES (?, ?, ?, ?, ?)", text, 1.5, 7n, new Uint8Array([0, 255]), null);
    const [row] = database.all<Record<string, unknown>>("SELECT * FROM value");
    expect({ ...row }).toEqual({ a: text, b: 1.5, c: 7, d: new Uint8Array([0, 255]), e: null });
    database.close();
  });

  test("runs several statements in one exec", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    database.exec("CREATE TABLE a (x); CREATE TABLE b (x); INSERT INTO b VALUES (1)");
    expect(database.all("SELECT x FROM b")).toHaveLength(1);
    database.close();
  });

  test("refuses a file that is not a database", () => {
    using directory = sqliteDirectory();
    const path = directory.file("state.db");
    writeFileSync(path, "listen: 5432\n".repeat(1000));
    expect(codeThrownBy(() => open(path).exec("PRAGMA journal_mode = WAL"))).toBe("state/not-a-database");
  });

  test("refuses a path that is a directory, and one below a directory that does not exist", () => {
    using directory = sqliteDirectory();
    mkdirSync(directory.file("state.db"));
    expect(codeThrownBy(() => open(directory.file("state.db")).exec("CREATE TABLE a (x)"))).toBe("state/cannot-open");
    expect(codeThrownBy(() => open(directory.file("none/state.db")).exec("CREATE TABLE a (x)"))).toBe(
      "state/cannot-open",
    );
  });

  test("names the file and what is wrong, and keeps the cause", () => {
    using directory = sqliteDirectory();
    const path = directory.file("none/state.db");
    expect(() => open(path).exec("CREATE TABLE a (x)")).toThrow(
      expect.objectContaining({ message: expect.stringContaining(path), cause: expect.any(Error) }),
    );
  });

  test("reports a file that another connection holds locked", () => {
    using directory = sqliteDirectory();
    const first = open(directory.file("state.db"));
    const second = open(directory.file("state.db"));
    second.exec("PRAGMA busy_timeout = 0");
    first.exec("CREATE TABLE a (x); BEGIN EXCLUSIVE");
    expect(codeThrownBy(() => second.all("SELECT * FROM a"))).toBe("state/locked");
    first.exec("ROLLBACK");
    expect(second.all("SELECT * FROM a")).toEqual([]);
    first.close();
    second.close();
  });

  test("reports a full database", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    database.exec("CREATE TABLE a (x); PRAGMA max_page_count = 2");
    expect(codeThrownBy(() => database.all("INSERT INTO a VALUES (zeroblob(100000))"))).toBe("state/full");
    database.close();
  });

  test("reports a database that may only be read", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    database.exec("CREATE TABLE a (x); PRAGMA query_only = 1");
    expect(codeThrownBy(() => database.exec("INSERT INTO a VALUES (1)"))).toBe("state/read-only");
    database.close();
  });

  test("reports a mistake in a statement as a failure", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    expect(codeThrownBy(() => database.all("SELEKT 1"))).toBe("state/failed");
    database.close();
  });

  test("refuses to be used after it was closed, and may be closed twice", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    database.all("SELECT 1");
    database.close();
    database.close();
    expect(codeThrownBy(() => database.all("SELECT 1"))).toBe("state/closed");
    expect(codeThrownBy(() => database.exec("SELECT 1"))).toBe("state/closed");
  });
});
