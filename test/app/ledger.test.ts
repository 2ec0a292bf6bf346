import { describe, expect, test } from "bun:test";
import { memoryLedger, openLedger, type Ledger } from "../../src/app/ledger.ts";
import type { ObjectRecord } from "../../src/plan/gateway/record.ts";
import type { AnyManifest } from "../../src/resource/manifest/kinds.ts";
import type { Database } from "../../src/runtime/runtime.ts";
import { killWriter } from "../support/kill-writer.ts";
import { configMap, secret, tcpGateway, tcpRoute } from "../support/manifests.ts";
import { RecordedLog } from "../support/recorded-log.ts";
import { codeThrownBy, openDatabase, SQLITE_BINDINGS, sqliteDirectory } from "../support/sqlite.ts";

const NOON = new Date("2026-01-02T12:00:00.750Z");
const LATER = new Date("2026-01-02T13:00:00Z");
const LAST = new Date("2026-01-02T14:00:00Z");

/** Proposes and accepts; the records in the order of the objects. */
function load(ledger: Ledger, objects: readonly AnyManifest[], now = NOON): readonly ObjectRecord[] {
  const proposal = ledger.propose(objects, now);
  proposal.accept();
  return objects.map((object) => proposal.of(object));
}

function generationOf(ledger: Ledger, object: AnyManifest): number {
  return ledger.propose([object], LAST).of(object).generation;
}

/** A database that counts what is written, and fails when told to. */
function watched(database: Database): { database: Database; written: string[]; fail: boolean } {
  const seen = { written: new Array<string>(), fail: false };
  const guarded: Database = {
    exec: (sql) => database.exec(sql),
    all: (sql, ...parameters) => {
      if (!sql.startsWith("SELECT") && !sql.startsWith("PRAGMA")) {
        if (seen.fail) throw new Error("The disk is full");
        seen.written.push(`${sql.split(" ", 1).join()} ${parameters.slice(0, 3).join("/")}`);
      }
      return database.all(sql, ...parameters);
    },
    close: () => database.close(),
  };
  return Object.assign(seen, { database: guarded });
}

describe("an object's record", () => {
  test("begins with generation 1 and the time when it was seen first, to the second", () => {
    expect(load(memoryLedger(), [tcpRoute({ name: "a" })])).toEqual([
      { generation: 1, creationTimestamp: "2026-01-02T12:00:00Z" },
    ]);
  });

  test("has one generation more whenever the spec changes, and keeps its age", () => {
    const ledger = memoryLedger();
    load(ledger, [tcpGateway({ name: "a" }, 1)]);
    expect(load(ledger, [tcpGateway({ name: "a" }, 2)], LATER)).toEqual([
      { generation: 2, creationTimestamp: "2026-01-02T12:00:00Z" },
    ]);
    expect(load(ledger, [tcpGateway({ name: "a" }, 1)], LATER)[0]?.generation).toBe(3);
  });

  test("does not change for metadata, place in the file or the order of keys", () => {
    const ledger = memoryLedger();
    const [first] = load(ledger, [tcpGateway({ name: "a" })]);
    const same = tcpGateway({ name: "a", labels: { x: "y" }, annotations: { z: "" } });
    const { listeners, gatewayClassName } = same.spec;
    const moved = {
      ...same,
      spec: { listeners, gatewayClassName },
      origin: { file: "other.yaml", locate: () => ({ line: 99, column: 1 }) },
    };
    expect(load(ledger, [moved], LATER)).toEqual([first].flatMap((record) => record ?? []));
  });

  test("has the time that is written in it, in UTC, as long as it is written", () => {
    const ledger = memoryLedger();
    const written = tcpRoute({ name: "a", creationTimestamp: "2020-02-03T04:05:06.789+02:00" });
    expect(load(ledger, [written])[0]?.creationTimestamp).toBe("2020-02-03T02:05:06Z");
    expect(load(ledger, [tcpRoute({ name: "a" })], LATER)[0]?.creationTimestamp).toBe("2026-01-02T12:00:00Z");
  });

  test.each(["", "yesterday", "2020-02-03", "2020-02-03T04:05:06", "2020-13-03T04:05:06Z", "2020"])(
    "is as old as it is known when %j is written as its time",
    (creationTimestamp) => {
      const [record] = load(memoryLedger(), [tcpRoute({ name: "a", creationTimestamp })]);
      expect(record?.creationTimestamp).toBe("2026-01-02T12:00:00Z");
    },
  );

  test("makes nobody older than what was there before, by what is written in it or by its name", () => {
    const ledger = memoryLedger();
    const there = tcpRoute({ name: "z" });
    load(ledger, [there]);
    const written = tcpRoute({ name: "b", creationTimestamp: "2000-01-01T00:00:00Z" });
    // Within the same second, and before the clock is right.
    for (const now of [NOON, new Date("2020-01-01T00:00:00Z")]) {
      const proposal = ledger.propose([written, tcpRoute({ name: "a" }), there], now);
      const ages = [there, written, tcpRoute({ name: "a" })].map((object) => proposal.ageOf(object));
      expect(ages.toSorted()).toEqual(ages);
    }
  });

  test("is of its kind, namespace and name alone", () => {
    const ledger = memoryLedger();
    load(ledger, [tcpRoute({ name: "a" })]);
    const others = [tcpRoute({ name: "a", namespace: "b" }), tcpRoute({ name: "b" }), tcpGateway({ name: "a" })];
    const times = load(ledger, [tcpRoute({ name: "a" }), ...others], LATER).map((each) => each.creationTimestamp);
    expect(times.map((time) => time.slice(11, 13))).toEqual(["12", "13", "13", "13"]);
  });

  test("is a new one after it was gone", () => {
    const ledger = memoryLedger();
    load(ledger, [tcpGateway({ name: "a" }, 1)]);
    load(ledger, [tcpGateway({ name: "a" }, 2)]);
    load(ledger, [], LATER);
    expect(load(ledger, [tcpGateway({ name: "a" }, 2)], LAST)).toEqual([
      { generation: 1, creationTimestamp: "2026-01-02T14:00:00Z" },
    ]);
  });

  test("stays while its absence may be that of a file that cannot be read", () => {
    const ledger = memoryLedger();
    load(ledger, [tcpGateway({ name: "a" }), tcpGateway({ name: "b" })]);
    ledger.propose([tcpGateway({ name: "b" })], LATER, false).accept();
    const [record] = load(ledger, [tcpGateway({ name: "a" })], LAST);
    expect(record?.creationTimestamp).toBe("2026-01-02T12:00:00Z");
  });

  test.each<[string, (text: string) => AnyManifest]>([
    ["Secret", (text) => secret({ name: "a" }, { key: text })],
    ["ConfigMap", (text) => configMap({ name: "a" }, { key: text })],
  ])("of a %s follows its content", (_kind, object) => {
    const ledger = memoryLedger();
    load(ledger, [object("one")]);
    expect(load(ledger, [object("one")])[0]?.generation).toBe(1);
    expect(load(ledger, [object("two")])[0]?.generation).toBe(2);
  });

  test("of two with one name is that of the first", () => {
    const ledger = memoryLedger();
    const [first, second] = [tcpGateway({ name: "a" }, 1), tcpGateway({ name: "a" }, 2)];
    load(ledger, [first, second]);
    expect(load(ledger, [first, second]).map(({ generation }) => generation)).toEqual([1, 1]);
    expect(generationOf(ledger, second)).toBe(2);
  });

  test("is as it was when a load was not accepted", () => {
    const ledger = memoryLedger();
    load(ledger, [tcpGateway({ name: "a" }, 1)]);
    const changed = tcpGateway({ name: "a" }, 2);
    expect([generationOf(ledger, changed), generationOf(ledger, changed)]).toEqual([2, 2]);
    expect(generationOf(ledger, tcpGateway({ name: "a" }, 1))).toBe(1);
  });
});

const objects = (port: number) => ["c", "a", "b"].map((name) => tcpGateway({ name }, port));

describe.each(SQLITE_BINDINGS)("the ledger on %s", (_name, open) => {
  test("keeps age, order of age and generation through restarts", () => {
    using directory = sqliteDirectory();
    const first = open(directory.file("state.db"));
    const ledger = openLedger(first, new RecordedLog());
    load(ledger, objects(1).slice(0, 1), NOON);
    load(ledger, objects(1).slice(0, 2), LATER);
    const before = load(ledger, objects(2), LAST);
    first.close();
    const second = open(directory.file("state.db"));
    const after = openLedger(second, new RecordedLog());
    expect(load(after, objects(2), new Date("2030-01-01T00:00:00Z"))).toEqual(before);
    expect(before.map(({ generation }) => generation)).toEqual([2, 2, 1]);
    expect(before.map(({ creationTimestamp }) => creationTimestamp.slice(11, 13))).toEqual(["12", "13", "14"]);
    second.close();
  });

  test("removes what is gone, also what was gone when it was opened", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    load(openLedger(database, new RecordedLog()), [tcpGateway({ name: "a" }), tcpGateway({ name: "b" })]);
    load(openLedger(database, new RecordedLog()), [tcpGateway({ name: "b" })]);
    expect(database.all<{ name: string }>("SELECT name FROM object").map(({ name }) => name)).toEqual(["b"]);
    database.close();
  });

  test("keeps no hash by which what a Secret says could be found, and still sees that it changes", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const hash = () => database.all<{ hash: string }>("SELECT spec_hash AS hash FROM object")[0]?.hash ?? "";
    const ledger = openLedger(database, new RecordedLog());
    load(ledger, [secret({ name: "a" }, { password: "hunter2" })]);
    const before = hash();
    expect(load(ledger, [secret({ name: "a" }, { password: "hunter3" })])[0]?.generation).toBe(2);
    expect(hash()).toBe(before);
    expect(hash()).not.toBe("");
    const restarted = openLedger(database, new RecordedLog());
    expect(load(restarted, [secret({ name: "a" }, { password: "hunter3" })])[0]?.generation).toBe(2);
    expect(load(restarted, [secret({ name: "a" }, { password: "hunter4" })])[0]?.generation).toBe(3);
    database.close();
  });

  test("never has what an object says", async () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    load(openLedger(database, new RecordedLog()), [secret({ name: "a" }, { password: "hunter2-hunter2" })]);
    database.close();
    expect(await Bun.file(directory.file("state.db")).text()).not.toContain("hunter2");
  });
});

describe("accepting", () => {
  test("writes what changed and nothing else", () => {
    using directory = sqliteDirectory();
    const seen = watched(openDatabase(directory.file("state.db")));
    const ledger = openLedger(seen.database, new RecordedLog());
    load(ledger, [tcpGateway({ name: "a" }, 1), tcpGateway({ name: "b" }, 1)]);
    seen.written.length = 0;
    load(ledger, [tcpGateway({ name: "b" }, 1), tcpGateway({ name: "a" }, 1)]);
    expect(seen.written).toEqual([]);
    load(ledger, [tcpGateway({ name: "a" }, 2), tcpGateway({ name: "c" }, 1)]);
    expect(seen.written.toSorted()).toEqual([
      "DELETE Gateway/default/b",
      "INSERT Gateway/default/a",
      "INSERT Gateway/default/c",
    ]);
    seen.database.close();
  });

  test("goes on when the database cannot be written, says so once, and catches up", () => {
    using directory = sqliteDirectory();
    const path = directory.file("state.db");
    const seen = watched(openDatabase(path));
    const log = new RecordedLog();
    const ledger = openLedger(seen.database, log);
    load(ledger, [tcpGateway({ name: "a" }, 1), tcpGateway({ name: "gone" })], NOON);
    seen.fail = true;
    load(ledger, [tcpGateway({ name: "a" }, 2)], LATER);
    expect(load(ledger, [tcpGateway({ name: "a" }, 3)], LATER)[0]?.generation).toBe(3);
    expect(log.lines.map(({ level, event }) => `${level} ${event}`)).toEqual(["warn ledger-failed"]);
    expect(log.lines[0]?.message).toContain("The disk is full");
    seen.fail = false;
    load(ledger, [tcpGateway({ name: "a" }, 3)], LAST);
    expect(log.lines.map(({ level, event }) => `${level} ${event}`)).toEqual([
      "warn ledger-failed",
      "info ledger-kept",
    ]);
    seen.database.close();
    const again = openDatabase(path);
    expect(again.all("SELECT name, generation FROM object")).toEqual([{ name: "a", generation: 3 }]);
    again.close();
  });

  test("fails to open what is no state file", () => {
    using directory = sqliteDirectory();
    const database = openDatabase(directory.file("state.db"));
    database.exec("PRAGMA user_version = 99");
    expect(codeThrownBy(() => openLedger(database, new RecordedLog()))).toBe("state/newer");
    database.close();
  });
});

test("ten thousand objects keep their records, and cost nothing to write when they did not change", () => {
  using directory = sqliteDirectory();
  const seen = watched(openDatabase(directory.file("state.db")));
  const ledger = openLedger(seen.database, new RecordedLog());
  const many = Array.from({ length: 10_000 }, (_, index) => tcpRoute({ name: `r${index}` }));
  const before = load(ledger, many);
  expect(seen.written).toHaveLength(10_000);
  seen.written.length = 0;
  expect(load(ledger, many, LATER)).toEqual(before);
  expect(seen.written).toEqual([]);
  const restarted = openLedger(seen.database, new RecordedLog());
  expect(load(restarted, many, LATER)).toEqual(before);
  expect(seen.written).toEqual([]);
  seen.database.close();
});

test("a process killed while it accepts loses nothing that it had accepted, and halves no load", async () => {
  using directory = sqliteDirectory();
  const path = directory.file("state.db");
  const confirmed = await killWriter("ledger-writer.ts", path);
  const database = openDatabase(path);
  const rows = database.all<{ name: string; generation: number }>("SELECT name, generation FROM object ORDER BY name");
  const [a, b, newest] = rows;
  const reached = a?.generation ?? 0;
  expect(confirmed.length).toBeGreaterThan(5);
  expect(reached).toBeGreaterThanOrEqual(confirmed.length);
  expect(b?.generation).toBe(reached);
  expect([rows.length, newest?.name]).toEqual([3, `new-${reached}`]);
  expect({ ...database.all<object>("PRAGMA integrity_check")[0] }).toEqual({ integrity_check: "ok" });
  const ledger = openLedger(database, new RecordedLog());
  expect(load(ledger, [tcpGateway({ name: "a" }, reached)])[0]?.generation).toBe(reached);
  database.close();
});
