import { describe, expect, test } from "bun:test";
import type { AllotmentProposal, Allotments, AllotmentWish } from "../../src/app/allotments.ts";
import type { Database } from "../../src/runtime/runtime.ts";
import { addressScene, type AddressScene, TWO_HOSTS } from "../support/address-scene.ts";
import { Random } from "../support/random.ts";
import { openDatabase, SQLITE_BINDINGS, sqliteDirectory } from "../support/sqlite.ts";

const A = "AgentEndpoint/default/a";
const B = "AgentEndpoint/default/b";
const RESERVING = "TCPAddress/default/db";
const NOON = new Date("2026-01-02T12:00:00Z");

/** `host:port` of each wish, or why it has none. */
function outcome(proposal: AllotmentProposal, ...keys: readonly string[]): readonly string[] {
  return keys.map((key) => {
    const address = proposal.of(key);
    const finding = proposal.findingOf(key);
    const told = finding === undefined ? "" : `${finding.reason}: ${finding.message}`;
    return address === undefined ? told : `${address.host}:${address.port}${told === "" ? "" : ` ${told}`}`;
  });
}

/** Proposes and accepts. */
function load(allotments: Allotments, wishes: readonly AllotmentWish[], complete = true): AllotmentProposal {
  const proposal = allotments.propose(wishes, { complete });
  proposal.accept();
  return proposal;
}

describe.each(SQLITE_BINDINGS)("addresses of objects on %s", (_name, open) => {
  test("are the same after a restart, with other wishes beside them and in another order", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const before = outcome(load(addressScene({}, database).allotments, [{ key: A }, { key: B }]), A, B);
    database.close();
    const again = open(directory.file("state.db"));
    const { allotments } = addressScene({}, again);
    expect(outcome(load(allotments, [{ key: RESERVING }, { key: B }, { key: A }]), A, B)).toEqual(before);
    // Two that change places are written in one go.
    const [a = "", b = ""] = before.map((address) => address.split(":")[1]);
    const swapped = [
      { key: A, port: Number(b) },
      { key: B, port: Number(a) },
    ];
    const after = outcome(load(allotments, swapped), A, B);
    expect(after).toEqual(before.toReversed());
    again.close();
    const last = open(directory.file("state.db"));
    expect(outcome(load(addressScene({}, last).allotments, [{ key: A }, { key: B }]), A, B)).toEqual(after);
    last.close();
  });
});

describe("an object", () => {
  test("has the first host, or the one that it asks for in whatever case", () => {
    const { allotments } = addressScene({ hosts: TWO_HOSTS });
    const proposal = allotments.propose([{ key: A }, { key: B, host: "B.test." }]);
    expect([proposal.of(A)?.host, proposal.of(B)?.host]).toEqual(["a.test", "b.test"]);
  });

  test("has the port that it asks for, before others get any", () => {
    const { allotments } = addressScene({ ports: [20_000, 20_001] });
    const proposal = allotments.propose([{ key: A }, { key: B, port: 20_000 }]);
    expect(outcome(proposal, A, B)).toEqual(["localhost:20001", "localhost:20000"]);
  });

  test("keeps what it has whatever the flags are now, and is told", () => {
    const database = openDatabase(":memory:");
    load(addressScene({ hosts: TWO_HOSTS }, database).allotments, [
      { key: A, host: "b.test", port: 20_000 },
      { key: B, port: 20_001 },
    ]);
    const { allotments } = addressScene({ hosts: TWO_HOSTS, ports: [30_000, 30_001] }, database);
    const wishes = [{ key: A }, { key: B, port: 20_001 }];
    expect(outcome(load(allotments, wishes), A, B)).toEqual([
      "b.test:20000 PortOutOfRange: Port 20000 is outside of --tcp-ports 30000-30001; it stays reserved",
      "a.test:20001 PortOutOfRange: Port 20001 is outside of --tcp-ports 30000-30001; it stays reserved",
    ]);
  });

  test("that asks for something else gives back what it had", () => {
    const { allotments } = addressScene({ ports: [20_000, 20_001] });
    load(allotments, [{ key: A, port: 20_000 }]);
    const proposal = load(allotments, [
      { key: A, port: 20_001 },
      { key: B, port: 20_000 },
    ]);
    expect(outcome(proposal, A, B)).toEqual(["localhost:20001", "localhost:20000"]);
  });

  test.each<[AllotmentWish, string]>([
    [
      { key: A, host: "other.test" },
      'HostNotFound: "other.test" is no host of TCP addresses: --tcp-host gives localhost',
    ],
    [
      { key: A, host: "other.test", port: 20_000 },
      'HostNotFound: "other.test" is no host of TCP addresses: --tcp-host gives localhost',
    ],
    [{ key: A, port: 19_999 }, "PortOutOfRange: Port 19999 is outside of --tcp-ports 20000-20002"],
  ])("that asks by %j has none and is told", (wish, wanted) => {
    expect(outcome(addressScene().allotments.propose([wish]), A)).toEqual([wanted]);
  });

  test("that asks for what another one has is told who that is; the one that was there before keeps it", () => {
    const { allotments } = addressScene();
    const port = 20_000;
    load(allotments, [{ key: B, port }]);
    const proposal = load(allotments, [
      { key: A, port },
      { key: B, port },
    ]);
    const taken = 'AddressTaken: localhost:20000 is taken: AgentEndpoint "default/b" has it';
    expect(outcome(proposal, A, B)).toEqual([taken, "localhost:20000"]);
  });

  test("that comes first of two new ones gets what both ask for", () => {
    const port = 20_000;
    const proposal = addressScene().allotments.propose([
      { key: A, port },
      { key: B, port },
      { key: B, port: 20_001 },
    ]);
    const taken = 'AddressTaken: localhost:20000 is taken: AgentEndpoint "default/a" has it';
    expect(outcome(proposal, A, B)).toEqual(["localhost:20000", taken]);
  });

  test("gets no port that a listener runs on, that the load wants or that is reserved, unless it asks", () => {
    const listeners = [{ name: "*:20000", port: 20_000, routes: ["web"] }];
    const { allotments, book } = addressScene({ listeners, ports: [20_000, 20_003] });
    book.create({ port: 20_001 }, NOON);
    const wanted = new Set([20_002]);
    const isWanted = (port: number): boolean => wanted.has(port);
    expect(outcome(allotments.propose([{ key: A }], { isWanted }), A)).toEqual(["localhost:20003"]);
    const asked = [
      { key: A, port: 20_000 },
      { key: B, port: 20_002 },
    ];
    expect(outcome(allotments.propose(asked, { isWanted }), A, B)).toEqual(["localhost:20000", "localhost:20002"]);
  });

  test("that finds all taken has none and is told, until one is free", () => {
    const { allotments } = addressScene({ ports: [20_000, 20_000] });
    load(allotments, [{ key: A }]);
    const full =
      "RangeFull: All ports of --tcp-ports 20000 are taken on localhost: delete an address or give more ports";
    expect(outcome(load(allotments, [{ key: A }, { key: B }]), A, B)).toEqual(["localhost:20000", full]);
    expect(outcome(load(allotments, [{ key: B }]), B)).toEqual(["localhost:20000"]);
  });

  test("that nobody knows has neither an address nor a finding", () => {
    expect(outcome(addressScene().allotments.propose([]), A)).toEqual([""]);
  });
});

describe("a load", () => {
  test("that leaves an object out because a source could not be read keeps its address for it", () => {
    const { allotments } = addressScene({ ports: [20_000, 20_000] });
    load(allotments, [{ key: A }]);
    expect(load(allotments, [{ key: B }], false).of(B)).toBeUndefined();
    expect(load(allotments, [{ key: A }, { key: B }], false).of(A)).toEqual({ host: "localhost", port: 20_000 });
    expect(load(allotments, [{ key: B }]).of(B)).toEqual({ host: "localhost", port: 20_000 });
  });

  test("that is not in force has changed nothing, and nobody else gets what it would have", () => {
    const { allotments, book, register } = addressScene({ ports: [20_000, 20_001] });
    load(allotments, [{ key: A, port: 20_000 }]);
    allotments.propose([{ key: B, port: 20_001 }]);
    expect(book.create({}, NOON)).toHaveProperty("refusal.code", "range-full");
    expect(register.ownerNear({ host: "localhost", port: 20_000 })).toBe('AgentEndpoint "default/a"');
    allotments.propose([]);
    expect(book.create({}, NOON)).toHaveProperty("address.port", 20_001);
  });

  test("that is made several times over gives an object the same each time", () => {
    const { allotments } = addressScene({ ports: [1, 65_535] });
    const first = outcome(allotments.propose([{ key: A }]), A);
    expect(outcome(allotments.propose([{ key: A }, { key: B }]), A)).toEqual(first);
    // Unless somebody who was away has it.
    const port = allotments.propose([{ key: A }]).of(A)?.port ?? 0;
    const { findingOf, of } = allotments.propose([{ key: A }, { key: B, port }]);
    expect(of(B)?.port).toBe(port);
    expect([of(A)?.port === port, findingOf(A)]).toEqual([false, undefined]);
  });

  test("whose addresses cannot be written goes on with them, says so once, and writes them later", () => {
    const real = openDatabase(":memory:");
    let fails = true;
    const database: Database = {
      exec: (sql) => real.exec(sql),
      all: (sql, ...parameters) => {
        if (fails && sql.startsWith("INSERT INTO allotment")) throw new Error("The disk is full");
        return real.all(sql, ...parameters);
      },
      close: () => real.close(),
    };
    const { allotments, log } = addressScene({}, database);
    const first = outcome(load(allotments, [{ key: A }]), A);
    expect(outcome(load(allotments, [{ key: A }]), A)).toEqual(first);
    fails = false;
    load(allotments, [{ key: A }]);
    expect(log.lines.map(({ level, event }) => `${level} ${event}`)).toEqual([
      "warn addresses-failed",
      "info addresses-kept",
    ]);
    expect(log.lines[0]?.message).toEndWith(": The disk is full");
    expect(outcome(addressScene({}, real).allotments.propose([{ key: A }]), A)).toEqual(first);
  });
});

test("what is reserved is known by its host and port: through the admin port, or by a TCPAddress, and by nobody else", () => {
  const { allotments, book } = addressScene({ hosts: TWO_HOSTS });
  const created = book.create({ host: "a.test", port: 20_000 }, NOON);
  const id = "address" in created ? created.address.id : "";
  const proposal = allotments.propose([
    { key: RESERVING, port: 20_001 },
    { key: A, port: 20_002 },
  ]);
  expect(proposal.reservationOf("A.test", 20_000)).toEqual({ id });
  expect(proposal.reservationOf("a.test", 20_001)).toEqual({ id: RESERVING });
  expect(proposal.reservationOf("a.test", 20_002)).toBeUndefined();
  expect(proposal.reservationOf("b.test", 20_000)).toBeUndefined();
  const holders = ["A.test", "b.test", "other.test"].map((host) => proposal.holderOf(host, 20_002));
  expect(holders).toEqual([A, undefined, A]);
  expect(proposal.holderOf("a.test", 20_000)).toBeUndefined();
  expect(allotments.isReserved("a.test", 20_001)).toBe(false);
  proposal.accept();
  const asked = [20_000, 20_001, 20_002].map((port) => allotments.isReserved("a.test", port));
  expect(asked).toEqual([true, true, false]);
});

/** What a random history leaves, held against a plain account of it. */
class History {
  readonly #random: Random;
  readonly #database = openDatabase(":memory:");
  #scene: AddressScene;
  /** As accepted last. */
  #held = new Map<string, string>();
  #wishes = new Map<string, AllotmentWish>();

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#scene = this.#open();
  }

  step(): void {
    if (this.#random.chance(6)) this.#scene = this.#open();
    if (this.#random.chance(4)) this.#scene.book.create({}, NOON);
    const [newest] = this.#scene.book.list();
    if (newest !== undefined && this.#random.chance(5)) this.#scene.book.delete(newest.id);
    for (let change = 0; change < 3; change++) this.#changeWish();
    const complete = !this.#random.chance(5);
    const wishes = [...this.#wishes.values()];
    const proposal = this.#scene.allotments.propose(wishes, { complete });
    this.#judge(proposal, complete);
    if (this.#random.chance(4)) return;
    proposal.accept();
    const held = new Map(complete ? [] : this.#held);
    for (const { key } of wishes) {
      const address = proposal.of(key);
      if (address === undefined) held.delete(key);
      else held.set(key, `${address.host}:${address.port}`);
    }
    this.#held = held;
  }

  #changeWish(): void {
    const key = `AgentEndpoint/default/e${this.#random.below(8)}`;
    const port = this.#random.chance(3) ? { port: 20_000 + this.#random.below(9) } : {};
    const host = this.#random.chance(3) ? { host: this.#random.chance(2) ? "a.test" : "b.test" } : {};
    if (this.#random.chance(3)) this.#wishes.delete(key);
    else this.#wishes.set(key, { key, ...host, ...port });
  }

  #judge(proposal: AllotmentProposal, complete: boolean): void {
    const taken = new Map(this.#scene.book.list().map(({ id, addr }) => [addr, id]));
    const had = new Map(this.#held);
    for (const { key, host, port } of this.#wishes.values()) {
      const address = proposal.of(key);
      const shown = address === undefined ? undefined : `${address.host}:${address.port}`;
      const before = had.get(key);
      had.delete(key);
      const stillFits =
        before?.startsWith(host ?? "") === true && before.endsWith(port === undefined ? "" : `:${port}`);
      // Stable.
      if (stillFits) expect(shown).toBe(before);
      if (shown === undefined) {
        expect(proposal.findingOf(key)).toBeDefined();
        continue;
      }
      // As asked for, and never one for two.
      expect([address?.host, address?.port]).toEqual([host ?? address?.host, port ?? address?.port]);
      expect(taken.get(shown)).toBeUndefined();
      taken.set(shown, key);
    }
    for (const [key, shown] of had) {
      // Freed when it is known to be gone, and only then.
      if (complete) expect(proposal.of(key)).toBeUndefined();
      else expect([shown, taken.get(shown)]).toEqual([shown, undefined]);
    }
  }

  #open(): AddressScene {
    return addressScene({ hosts: TWO_HOSTS, ports: [20_000, 20_005] }, this.#database);
  }
}

test("whatever comes and goes, an object keeps its address, two never have the same, and what is gone is free", () => {
  for (let seed = 1; seed <= 60; seed++) {
    const history = new History(seed);
    for (let step = 0; step < 40; step++) history.step();
  }
});
