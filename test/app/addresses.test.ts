import { describe, expect, test } from "bun:test";
import type { AddressResult, AddressWish, ReservedAddress } from "../../src/admin/address.ts";
import type { AddressBook } from "../../src/app/addresses.ts";
import { type AddressScene, addressScene, ONE_HOST, TWO_HOSTS } from "../support/address-scene.ts";
import { killWriter } from "../support/kill-writer.ts";
import { codeThrownBy, openDatabase, SQLITE_BINDINGS, sqliteDirectory } from "../support/sqlite.ts";

const NOON = new Date("2026-01-02T12:00:00.250Z");

function created(book: AddressBook, wish: AddressWish = {}, now = NOON): ReservedAddress {
  const result = book.create(wish, now);
  if ("address" in result) return result.address;
  throw new Error(result.refusal.message);
}

/** `code: message`, and who has it. */
function refused(result: AddressResult): string {
  if ("address" in result) return `reserved ${result.address.addr}`;
  const { code, message, holder } = result.refusal;
  return `${code}: ${message}${holder === undefined ? "" : ` (${holder})`}`;
}

/** One of each way to have an address. */
function crowded(): AddressScene {
  const listeners = [
    { name: "127.0.0.1:20002", host: "127.0.0.1", port: 20_002, routes: ["web", "api"] },
    { name: "127.0.0.9:20003", host: "127.0.0.9", port: 20_003, routes: ["elsewhere"] },
    { name: "*:20004", port: 20_004, routes: [] },
  ];
  const scene = addressScene({ ports: [20_000, 20_005], listeners });
  scene.allotments.propose([{ key: "TCPAddress/default/db", port: 20_000 }]).accept();
  scene.allotments.propose([
    { key: "TCPAddress/default/db", port: 20_000 },
    { key: "AgentEndpoint/default/ssh", port: 20_001 },
  ]);
  return scene;
}

describe.each(SQLITE_BINDINGS)("reserved addresses on %s", (_name, open) => {
  test("are there after a restart as they were, the newest first", () => {
    using directory = sqliteDirectory();
    const database = open(directory.file("state.db"));
    const { book } = addressScene({}, database);
    const first = created(book, { port: 20_001, description: "PostgreSQL", metadata: "{}" });
    const second = created(book);
    expect(book.update(first.id, { description: "Redis" })).toEqual({ ...first, description: "Redis" });
    expect(book.list()).toEqual([second, { ...first, description: "Redis" }]);
    database.close();
    const again = open(directory.file("state.db"));
    const later = addressScene({}, again).book;
    expect(later.list()).toEqual([second, { ...first, description: "Redis" }]);
    expect(later.delete(second.id)).toEqual(second);
    expect(later.get(second.id)).toBeUndefined();
    again.close();
  });
});

describe("a reserved address", () => {
  test("has an id that sorts behind older ones, whatever the clock says, and all that was asked for", () => {
    const { book } = addressScene();
    const first = created(book, { host: "LOCALHOST.", port: 20_000, description: "a", metadata: "b" });
    const second = created(book, {}, new Date(0));
    expect(first).toEqual({
      id: first.id,
      addr: "localhost:20000",
      host: "localhost",
      port: 20_000,
      description: "a",
      metadata: "b",
      createdAt: NOON.toISOString(),
    });
    expect(first.id).toMatch(/^ra_[0-9a-z]{27}$/);
    expect(second.id > first.id).toBe(true);
    expect([second.description, second.metadata]).toEqual(["", ""]);
  });

  test("is told in the log when it comes and when it goes", () => {
    const { book, log } = addressScene();
    const { id } = created(book, { port: 20_000 });
    book.delete(id);
    expect(log.lines.map(({ event, message }) => `${event}: ${message}`)).toEqual([
      `address-created: Reserved localhost:20000 as ${id}`,
      `address-deleted: localhost:20000 is not reserved any more (${id})`,
    ]);
  });

  test("keeps what a change leaves out", () => {
    const { book } = addressScene();
    const { id } = created(book, { description: "a", metadata: "b" });
    expect(book.update(id, { metadata: "" })).toMatchObject({ description: "a", metadata: "" });
    expect(book.update(id, { description: "c" })).toMatchObject({ description: "c", metadata: "" });
  });

  test("that is not there can be neither changed nor deleted", () => {
    const { book } = addressScene();
    expect([book.get("ra_x"), book.update("ra_x", {}), book.delete("ra_x")]).toEqual([undefined, undefined, undefined]);
  });

  test("stays when the flags give other addresses, with a note, and nobody else gets it", () => {
    const database = openDatabase(":memory:");
    created(addressScene({ hosts: TWO_HOSTS }, database).book, { host: "b.test", port: 20_000 });
    const { book } = addressScene({ ports: [20_000, 20_000] }, database);
    expect(book.list()[0]?.note).toBe(
      '"b.test" is no host of TCP addresses: --tcp-host gives localhost; it stays reserved',
    );
    expect(refused(book.create({}, NOON))).toStartWith("range-full: ");
    const elsewhere = addressScene({ hosts: TWO_HOSTS, ports: [30_000, 30_001] }, database);
    expect(elsewhere.book.list()[0]?.note).toBe("Port 20000 is outside of --tcp-ports 30000-30001; it stays reserved");
  });
});

describe("asking for an address", () => {
  test.each<[AddressWish, string]>([
    [{ host: "other.test" }, 'unknown-host: "other.test" is no host of TCP addresses: --tcp-host gives localhost'],
    [{ host: "", port: 20_005 }, 'unknown-host: "" is no host of TCP addresses: --tcp-host gives localhost'],
    [{ port: 19_999 }, "port-out-of-range: Port 19999 is outside of --tcp-ports 20000-20005"],
    [{ port: 20_006 }, "port-out-of-range: Port 20006 is outside of --tcp-ports 20000-20005"],
    [
      { port: 20_000 },
      'address-taken: localhost:20000 is taken: TCPAddress "default/db" has it (TCPAddress "default/db")',
    ],
    [
      { port: 20_001 },
      'address-taken: localhost:20001 is taken: AgentEndpoint "default/ssh" has it (AgentEndpoint "default/ssh")',
    ],
    [
      { port: 20_002 },
      'address-taken: localhost:20002 is taken: listener 127.0.0.1:20002 of route "web" and 1 more has it (listener 127.0.0.1:20002 of route "web" and 1 more)',
    ],
    [{ port: 20_003 }, "reserved localhost:20003"],
    [{ port: 20_004 }, "address-taken: localhost:20004 is taken: listener *:20004 has it (listener *:20004)"],
    [{ port: 20_005 }, "reserved localhost:20005"],
  ])("by %j comes to %s", (wish, wanted) => {
    expect(refused(crowded().book.create(wish, NOON))).toBe(wanted);
  });

  test("that is reserved names its id", () => {
    const { book } = addressScene();
    const { id } = created(book, { port: 20_000 });
    expect(refused(book.create({ port: 20_000 }, NOON))).toBe(
      `address-taken: localhost:20000 is taken: address ${id} has it (address ${id})`,
    );
  });

  test("without a port gives those that nobody has, until there is none", () => {
    const { book } = crowded();
    const ports = [created(book).port, created(book, { host: "localhost" }).port];
    expect(ports.toSorted()).toEqual([20_003, 20_005]);
    expect(refused(book.create({}, NOON))).toBe(
      "range-full: All ports of --tcp-ports 20000-20005 are taken on localhost: delete an address or give more ports",
    );
  });

  test("without a host gives one on which the port is free", () => {
    const { book } = addressScene({ hosts: TWO_HOSTS });
    const hosts = [created(book, { port: 20_000 }).host, created(book, { port: 20_000 }).host];
    expect(hosts.toSorted()).toEqual(["a.test", "b.test"]);
    expect(refused(book.create({ port: 20_000 }, NOON))).toStartWith("address-taken: a.test:20000 is taken: ");
  });

  test("is free again once it was deleted", () => {
    const { book } = addressScene({ hosts: ONE_HOST, ports: [7, 7] });
    const { id } = created(book);
    expect(refused(book.create({}, NOON))).toStartWith("range-full: ");
    book.delete(id);
    expect(created(book).port).toBe(7);
  });

  test("changes nothing when the database cannot be written", () => {
    const database = openDatabase(":memory:");
    const { book, register } = addressScene({}, database);
    const { id } = created(book, { port: 20_000 });
    database.close();
    expect(codeThrownBy(() => book.create({ port: 20_001 }, NOON))).toBe("state/closed");
    expect(codeThrownBy(() => book.update(id, { description: "x" }))).toBe("state/closed");
    expect(codeThrownBy(() => book.delete(id))).toBe("state/closed");
    expect(book.list()).toMatchObject([{ id, description: "" }]);
    expect(register.ownerNear({ host: "localhost", port: 20_001 })).toBeUndefined();
    expect(register.ownerNear({ host: "localhost", port: 20_000 })).toBe(`address ${id}`);
  });
});

test("a process killed while it hands out addresses loses none that it had confirmed", async () => {
  using directory = sqliteDirectory();
  const path = directory.file("state.db");
  const confirmed = await killWriter("address-writer.ts", path);
  const database = openDatabase(path);
  const { book, register } = addressScene({ ports: [1, 65_535] }, database);
  const kept = new Set(book.list().map(({ id, addr }) => `${id} ${addr}`));
  for (const [key, { host, port }] of register.allotted.entries()) kept.add(`${key} ${host}:${port}`);
  expect(confirmed.length).toBeGreaterThan(4);
  expect(confirmed.filter((line) => !kept.has(line))).toEqual([]);
  database.close();
});
