import { describe, expect, test } from "bun:test";
import { serverLookUp, systemLookUp } from "../../../src/engine/resolve/look-up.ts";
import type { LookUp, NameAnswer, NameQuery } from "../../../src/engine/resolve/name-query.ts";
import { type DnsEntry, type DnsServer, startDnsServer } from "../../support/dns-server.ts";

interface Asked extends AsyncDisposable {
  readonly server: DnsServer;
  readonly lookUp: LookUp;
}

async function start(zone: Readonly<Record<string, DnsEntry>> = {}): Promise<Asked> {
  const server = await startDnsServer(zone);
  return { server, lookUp: serverLookUp([server.address]), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** How a look-up that must fail failed. */
async function failureOf(lookUp: LookUp, query: NameQuery): Promise<unknown> {
  return await lookUp(query).then(
    (answer: NameAnswer) => answer,
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
}

describe("DNS servers that were given", () => {
  test("are asked for both families, and the shortest lifetime counts", async () => {
    await using asked = await start({ "db.test": { a: ["127.0.0.2", "127.0.0.3"], aaaa: ["::1"], ttl: 7 } });
    expect(await asked.lookUp({ host: "db.test" })).toEqual({
      addresses: [{ host: "127.0.0.2" }, { host: "127.0.0.3" }, { host: "::1" }],
      ttlMs: 7_000,
    });
    expect(asked.server.questions.toSorted()).toEqual(["A db.test", "AAAA db.test"]);
  });

  test.each([
    ["IPv4", { a: ["127.0.0.2"] }, "127.0.0.2"],
    ["IPv6", { aaaa: ["::1"] }, "::1"],
  ])("may know only %s", async (_, entry, host) => {
    await using asked = await start({ "db.test": entry });
    expect(await asked.lookUp({ host: "db.test" })).toEqual({ addresses: [{ host }], ttlMs: 60_000 });
  });

  test("are asked every time, however long the last answer holds", async () => {
    await using asked = await start({ "db.test": { a: ["127.0.0.2"], ttl: 3_600 } });
    await asked.lookUp({ host: "db.test" });
    asked.server.zone.set("db.test", { a: ["127.0.0.3"] });
    expect((await asked.lookUp({ host: "db.test" })).addresses).toEqual([{ host: "127.0.0.3" }]);
  });

  test("may have more addresses than fit in a datagram", async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => `127.1.${index >> 8}.${index & 255}`);
    await using asked = await start({ "db.test": { a: many } });
    expect((await asked.lookUp({ host: "db.test" })).addresses.map(({ host }) => host)).toEqual(many);
  });

  test.each([
    ["a name that is not there", "gone.test", "ENOTFOUND"],
    ["a name without addresses", "empty.test", "ENOTFOUND"],
    ["a server that fails", "fails.test", "ESERVFAIL"],
    ["a server that says nothing", "silent.test", "ETIMEOUT"],
  ])("fail by the code for %s", async (_, host, code) => {
    await using asked = await start({ "empty.test": {} });
    asked.server.zone.set("fails.test", "servfail");
    asked.server.zone.set("silent.test", "silent");
    expect(await failureOf(asked.lookUp, { host })).toBe(code);
  });

  test("that fail for one family are believed for the other, and the failure is told", async () => {
    await using asked = await start({ "db.test": { a: ["127.0.0.2"], fails: "AAAA" } });
    expect(await asked.lookUp({ host: "db.test" })).toEqual({
      addresses: [{ host: "127.0.0.2" }],
      ttlMs: 60_000,
      unknownFamily: 6,
    });
    asked.server.zone.set("db.test", { aaaa: ["::1"], fails: "A" });
    expect(await asked.lookUp({ host: "db.test" })).toMatchObject({ addresses: [{ host: "::1" }], unknownFamily: 4 });
    asked.server.zone.set("db.test", { fails: "AAAA" });
    expect(await failureOf(asked.lookUp, { host: "db.test" })).toBe("ESERVFAIL");
  });

  test("are asked one after the other until one answers", async () => {
    await using silent = await start();
    await using asked = await start({ "db.test": { a: ["127.0.0.2"] } });
    silent.server.silent = true;
    const lookUp = serverLookUp([silent.server.address, asked.server.address]);
    expect((await lookUp({ host: "db.test" })).addresses).toEqual([{ host: "127.0.0.2" }]);
  });

  test("are not asked for localhost", async () => {
    await using asked = await start({ localhost: { a: ["192.0.2.1"] } });
    expect((await asked.lookUp({ host: "localhost" })).addresses).toContainEqual({ host: "127.0.0.1" });
    expect(asked.server.questions).toEqual([]);
  });
});

describe("services of DNS servers that were given", () => {
  test("are the addresses of the hosts that their records name", async () => {
    await using asked = await start({
      "_pg._tcp.test": { srv: ["10 3 5432 db1.test", "10 0 5433 db2.test", "20 1 5432 db3.test", "20 1 1 gone.test"] },
      "db1.test": { a: ["127.0.0.2"], ttl: 30 },
      "db2.test": { a: ["127.0.0.3"] },
      "db3.test": { aaaa: ["::1"] },
    });
    expect(await asked.lookUp({ srv: "_pg._tcp.test" })).toMatchObject({
      addresses: [
        { host: "127.0.0.2", port: 5432, tier: 0, weight: 3 },
        { host: "127.0.0.3", port: 5433, tier: 0, weight: 0.03 },
        { host: "::1", port: 5432, tier: 1, weight: 1 },
      ],
      ttlMs: 5_000,
    });
  });

  test("that are not offered are a failure", async () => {
    await using asked = await start({ "_pg._tcp.test": { srv: ["0 0 0 ."] } });
    expect(await failureOf(asked.lookUp, { srv: "_pg._tcp.test" })).toBe("dns/no-service");
    expect(await failureOf(asked.lookUp, { srv: "_gone._tcp.test" })).toBe("ENOTFOUND");
  });
});

describe("the operating system", () => {
  test("knows localhost, and no lifetime", async () => {
    const answer = await systemLookUp()({ host: "localhost" });
    expect(answer.addresses).toContainEqual({ host: "127.0.0.1" });
    expect(answer.ttlMs).toBeUndefined();
  });

  // Refused on this machine: a test asks no real server.
  test.each([
    ["hosts", { host: `${"a".repeat(64)}.test` }],
    ["services", { srv: `${"a".repeat(64)}.test` }],
  ])("fails by its code for %s that cannot be", async (_, query) => {
    expect(await failureOf(systemLookUp(), query)).toMatch(/^E[A-Z_]+$/);
  });
});
