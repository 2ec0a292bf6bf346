import { describe, expect, test } from "bun:test";
import { openDocumentStore } from "../../src/app/documents.ts";
import { openOverrideStore, overrideBackends, type OverrideStore } from "../../src/app/overrides.ts";
import type { BackendOverride, BackendSnapshot } from "../../src/engine/snapshot.ts";
import { SAMPLE_ENGINE, sampleBackend } from "../support/admin-view.ts";
import { killWriter } from "../support/kill-writer.ts";
import { RecordedLog } from "../support/recorded-log.ts";
import { codeThrownBy, openDatabase, SQLITE_BINDINGS, sqliteDirectory } from "../support/sqlite.ts";

const NOON = new Date("2026-01-02T12:00:00Z");

describe.each(SQLITE_BINDINGS)("the override store on %s", (_name, open) => {
  test("gives overrides back as they were put, by route and backend", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const store = openOverrideStore(database);
    const both: BackendOverride = { route: "b", backend: "x:1", weight: 0, state: "down" };
    const weight: BackendOverride = { route: "a", backend: "y:1", weight: 1_000_000 };
    const state: BackendOverride = { route: "a", backend: "x:1", state: "drain" };
    store.put([both, weight, state], NOON);
    expect(store.list()).toEqual([state, weight, both]);
    database.close();
  });

  test("replaces what was there as a whole, and removes what has no settings", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const store = openOverrideStore(database);
    store.put([{ route: "a", backend: "x:1", weight: 5, state: "up" }], NOON);
    store.put([{ route: "a", backend: "x:1", state: "drain" }], NOON);
    expect(store.list()).toEqual([{ route: "a", backend: "x:1", state: "drain" }]);
    store.put([{ route: "a", backend: "x:1" }], NOON);
    store.put([{ route: "a", backend: "never" }], NOON);
    expect(store.list()).toEqual([]);
    database.close();
  });

  test("stores all of a change or nothing", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const store = openOverrideStore(database);
    const first: BackendOverride = { route: "a", backend: "x:1", weight: 1 };
    const refused: BackendOverride = { route: "a", backend: "y:1", weight: 0.5 };
    expect(codeThrownBy(() => store.put([first, refused], NOON))).toBe("state/failed");
    expect(store.list()).toEqual([]);
    store.put([first], NOON);
    expect(store.list()).toEqual([first]);
    database.close();
  });

  test("lives beside the documents of a state file that an earlier version made", () => {
    using directory = sqliteDirectory();
    const earlier = open(directory.file("state.db"));
    openDocumentStore(earlier).put("kept", "listen: 1", NOON);
    earlier.exec(
      "DROP TABLE override; DROP TABLE object; DROP TABLE address; DROP TABLE allotment; PRAGMA user_version = 1",
    );
    earlier.close();
    const database = open(directory.file("state.db"));
    const store = openOverrideStore(database);
    store.put([{ route: "a", backend: "x:1", weight: 1 }], NOON);
    expect(openDocumentStore(database).get("kept")?.text).toBe("listen: 1");
    expect(store.list()).toHaveLength(1);
    database.close();
  });
});

test("a process killed while it sets backends loses nothing that it had confirmed, and halves no change", async () => {
  using directory = sqliteDirectory();
  const path = directory.file("state.db");
  const names = await killWriter("override-writer.ts", path);
  const database = openDatabase(path);
  const stored = openOverrideStore(database).list();
  const of = (route: string) => stored.filter((each) => each.route === route).map(({ backend }) => backend);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !of("a").includes(name))).toEqual([]);
  expect(of("a")).toEqual(of("b"));
  database.close();
});

/** An engine with these backends that notes what it is told, and a store in memory. */
function parts(backends: readonly BackendSnapshot[], failing?: Error) {
  const told: BackendOverride[] = [];
  const stored: BackendOverride[] = [];
  const log = new RecordedLog();
  const overrides: OverrideStore = {
    list: () => stored,
    put: (changed) => {
      if (failing !== undefined) throw failing;
      expect(told).toEqual([]);
      stored.push(...changed);
    },
  };
  const engine = {
    snapshot: () => ({ ...SAMPLE_ENGINE, backends }),
    setOverride: (override: BackendOverride) => void told.push(override),
  };
  return { engine, overrides, log, told, stored };
}

describe("setting backends by hand", () => {
  const backends = [sampleBackend("a", "x:1"), sampleBackend("a", "y:1"), sampleBackend("b", "x:1")];

  test("is for every route that has the backend, on disk first, and is logged", () => {
    const given = parts(backends);
    const answered = overrideBackends(given, { backend: "x:1" }, { weight: 0, state: "drain" });
    const wanted: BackendOverride[] = [
      { route: "a", backend: "x:1", weight: 0, state: "drain" },
      { route: "b", backend: "x:1", weight: 0, state: "drain" },
    ];
    expect(given.stored).toEqual(wanted);
    expect(given.told).toEqual(wanted);
    expect(answered?.map(({ route, backend }) => `${route} ${backend}`)).toEqual(["a x:1", "b x:1"]);
    expect(given.log.lines[0]).toEqual({
      level: "info",
      event: "backend-override",
      message: "Backend x:1 of a by hand: weight 0, state drain",
      fields: { route: "a", backend: "x:1", weight: 0, state: "drain" },
    });
  });

  test("keeps what is left out and takes back what is null", () => {
    const given = parts(backends);
    given.stored.push({ route: "a", backend: "x:1", weight: 5, state: "drain" });
    overrideBackends(given, { route: "a", backend: "x:1" }, { state: null });
    expect(given.told).toEqual([{ route: "a", backend: "x:1", weight: 5 }]);
    given.told.length = 0;
    overrideBackends(given, { route: "a", backend: "x:1" }, { weight: null });
    expect(given.told).toEqual([{ route: "a", backend: "x:1" }]);
    expect(given.log.lines[1]?.message).toBe("Backend x:1 of a is as written again");
  });

  test("counts a backend that is written twice once", () => {
    const given = parts([sampleBackend("a", "x:1"), sampleBackend("a", "x:1")]);
    expect(overrideBackends(given, { backend: "x:1" }, { weight: 1 })).toHaveLength(2);
    expect(given.told).toHaveLength(1);
  });

  test("changes nothing when no backend matches", () => {
    const given = parts(backends);
    expect(overrideBackends(given, { route: "b", backend: "y:1" }, { weight: 1 })).toBeUndefined();
    expect(overrideBackends(given, { route: "b", backend: "y:1" }, { weight: null })).toBeUndefined();
    expect([given.stored, given.told, given.log.lines]).toEqual([[], [], []]);
  });

  test("tells only of those that are set otherwise than before", () => {
    const given = parts(backends);
    given.stored.push({ route: "a", backend: "x:1", weight: 5 });
    expect(overrideBackends(given, { backend: "x:1" }, { weight: 5 })).toHaveLength(2);
    expect(given.told).toEqual([{ route: "b", backend: "x:1", weight: 5 }]);
    expect(given.log.lines).toHaveLength(1);
    given.told.length = 0;
    expect(overrideBackends(given, { backend: "y:1" }, { weight: null, state: null })).toHaveLength(1);
    expect([given.told, given.log.lines.length]).toEqual([[], 1]);
  });

  test("takes back what is stored for a backend that no route has any more", () => {
    const given = parts(backends);
    given.stored.push({ route: "gone", backend: "z:1", weight: 5, state: "drain" });
    expect(overrideBackends(given, { backend: "z:1" }, { state: null })).toEqual([]);
    expect(given.told).toEqual([{ route: "gone", backend: "z:1", weight: 5 }]);
    expect(given.log.lines.map(({ message }) => message)).toEqual(["Backend z:1 of gone by hand: weight 5"]);
  });

  test("takes it back beside those that run, and sets nothing for it", () => {
    const given = parts(backends);
    given.stored.push({ route: "gone", backend: "x:1", weight: 5, state: "drain" });
    const answered = overrideBackends(given, { backend: "x:1" }, { weight: 7, state: null });
    expect(answered?.map(({ route }) => route)).toEqual(["a", "b"]);
    expect(given.told).toEqual([
      { route: "a", backend: "x:1", weight: 7 },
      { route: "b", backend: "x:1", weight: 7 },
      { route: "gone", backend: "x:1", weight: 5 },
    ]);
  });

  test("sets nothing for a backend that no route has any more, and does not touch what others are set to", () => {
    const given = parts([]);
    given.stored.push({ route: "gone", backend: "x:1", state: "drain" });
    for (const [filter, change] of [
      [{ backend: "x:1" }, { weight: 1 }],
      [{ backend: "x:1" }, { weight: null }],
      [{ backend: "y:1" }, { state: null }],
      [{ route: "other", backend: "x:1" }, { state: null }],
    ] as const) {
      expect(overrideBackends(given, filter, change)).toBeUndefined();
    }
    expect([given.told, given.log.lines]).toEqual([[], []]);
  });

  test("is not told to the engine when it cannot be stored", () => {
    const failing = new Error("disk");
    const given = parts(backends, failing);
    expect(() => overrideBackends(given, { backend: "x:1" }, { weight: 1 })).toThrow(failing);
    expect([given.told, given.log.lines]).toEqual([[], []]);
  });
});
