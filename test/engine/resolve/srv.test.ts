import { describe, expect, test } from "bun:test";
import type { LookUp, NameAnswer } from "../../../src/engine/resolve/name-query.ts";
import { resolveRecords, type SrvRecord, srvTargets } from "../../../src/engine/resolve/srv.ts";

/** From `priority weight port name`. */
function records(...lines: readonly string[]): SrvRecord[] {
  return lines.map((line) => {
    const [priority, weight, port, name = ""] = line.split(" ");
    return { priority: Number(priority), weight: Number(weight), port: Number(port), name };
  });
}

/** Knows these hosts and no others. */
function knowing(hosts: Readonly<Record<string, readonly string[] | NameAnswer>>): LookUp {
  return async (query) => {
    const known = "host" in query ? hosts[query.host] : undefined;
    if (known === undefined) throw new Error("unknown");
    return "addresses" in known ? known : { addresses: known.map((host) => ({ host })) };
  };
}

describe("records that count", () => {
  test("have a tier by their priority, the lowest first", () => {
    const targets = srvTargets(records("20 1 1 c", "5 1 1 a", "20 1 1 d", "7 1 1 b"));
    expect(targets.map(({ host, tier }) => `${host} ${tier}`)).toEqual(["a 0", "b 1", "c 2", "d 2"]);
  });

  test("count once, whatever their case", () => {
    expect(srvTargets(records("0 1 1 a.test", "0 1 1 A.TEST."))).toHaveLength(1);
  });

  test.each([
    ["the root, which says that the service is not offered", "0 0 1 ."],
    ["the root as some clients write it", "0 0 1 "],
    ["port 0", "0 1 0 a"],
    ["what is not a host name", "0 1 1 -a.test"],
    ["an IP address", "0 1 1 10.0.0.1"],
    ["a name with a byte that no host name has", "0 1 1 a\0b.test"],
    ["a name that is too long", `0 1 1 ${"a".repeat(64)}.test`],
  ])("are not those with %s", (_, line) => {
    expect(srvTargets(records(line, "0 1 1 good.test")).map(({ host }) => host)).toEqual(["good.test"]);
  });

  test("have a small share with weight 0 beside others, and equal shares when all of the tier have 0", () => {
    const targets = srvTargets(records("0 0 1 a", "0 10 1 b", "0 40 1 c", "1 0 1 d", "1 0 1 e"));
    expect(targets.map(({ weight }) => weight)).toEqual([0.1, 10, 40, 1, 1]);
  });
});

describe("addresses of a service", () => {
  test("have the port, tier and weight of their record; several of one host share its weight", async () => {
    const lookUp = knowing({ a: ["192.0.2.1", "2001:db8::1"], b: ["192.0.2.2"] });
    const { addresses, ttlMs } = await resolveRecords(records("0 10 5432 a", "1 3 5433 b"), lookUp);
    expect(addresses).toEqual([
      { host: "192.0.2.1", port: 5432, tier: 0, weight: 5 },
      { host: "2001:db8::1", port: 5432, tier: 0, weight: 5 },
      { host: "192.0.2.2", port: 5433, tier: 1, weight: 3 },
    ]);
    expect(ttlMs).toBeUndefined();
  });

  test("are each there once: in their first tier, with all their weights there", async () => {
    const lookUp = knowing({ a: ["192.0.2.1"], b: ["192.0.2.1"] });
    const { addresses } = await resolveRecords(records("1 1 1 a", "0 2 1 a", "0 3 1 b", "0 4 2 a"), lookUp);
    expect(addresses).toEqual([
      { host: "192.0.2.1", port: 1, tier: 0, weight: 5 },
      { host: "192.0.2.1", port: 2, tier: 0, weight: 4 },
    ]);
  });

  test("hold as long as the one that holds shortest", async () => {
    const lookUp = knowing({
      a: { addresses: [{ host: "192.0.2.1" }], ttlMs: 90_000 },
      b: { addresses: [{ host: "192.0.2.2" }], ttlMs: 60_000 },
      c: ["192.0.2.3"],
    });
    expect((await resolveRecords(records("0 1 1 a", "0 1 1 b", "0 1 1 c"), lookUp)).ttlMs).toBe(60_000);
  });

  test("leave out a host without an address, which is asked for again soon", async () => {
    const lookUp = knowing({ a: { addresses: [{ host: "192.0.2.1" }], ttlMs: 90_000 } });
    const { addresses, ttlMs } = await resolveRecords(records("0 1 1 a", "0 1 1 gone"), lookUp);
    expect(addresses.map(({ host }) => host)).toEqual(["192.0.2.1"]);
    expect(ttlMs).toBe(5_000);
  });

  test("are asked for again soon when a family is unknown", async () => {
    const lookUp = knowing({ a: { addresses: [{ host: "192.0.2.1" }], unknownFamily: 6 } });
    expect((await resolveRecords(records("0 1 1 a"), lookUp)).ttlMs).toBe(5_000);
  });

  test("keep what was known of a host that cannot be asked, and of a family, with what its record says now", async () => {
    const known = new Map([
      ["a", ["192.0.2.1", "2001:db8::1"]],
      ["b", ["192.0.2.2"]],
      ["gone", ["192.0.2.3"]],
      ["unnamed", ["192.0.2.4"]],
    ]);
    const absent = Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    const lookUp: LookUp = async (query) => {
      if ("host" in query && query.host === "a") return { addresses: [{ host: "192.0.2.9" }], unknownFamily: 6 };
      throw "host" in query && query.host === "gone" ? absent : new Error("no answer");
    };
    const answer = await resolveRecords(records("0 1 1 a", "0 5 7 b", "0 1 1 gone", "0 1 1 new"), lookUp, known);
    expect(answer).toEqual({
      addresses: [
        { host: "192.0.2.9", port: 1, tier: 0, weight: 0.5 },
        { host: "2001:db8::1", port: 1, tier: 0, weight: 0.5 },
        { host: "192.0.2.2", port: 7, tier: 0, weight: 5 },
      ],
      hosts: new Map([
        ["a", ["192.0.2.9", "2001:db8::1"]],
        ["b", ["192.0.2.2"]],
      ]),
      ttlMs: 5_000,
    });
  });

  test("are missing when no host answers, even if some are known", async () => {
    const asked = resolveRecords(records("0 1 1 a"), knowing({}), new Map([["a", ["192.0.2.1"]]]));
    expect(await asked.catch((error: unknown) => error)).toMatchObject({ code: "dns/no-target" });
  });

  test("are remembered up to a thousand", async () => {
    const many = Array.from({ length: 999 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
    const lookUp = knowing({ a: many, b: ["192.0.2.1", "192.0.2.2"], c: ["192.0.2.3"] });
    const { hosts } = await resolveRecords(records("0 1 1 a", "0 1 1 b", "0 1 1 c"), lookUp);
    expect([...(hosts ?? new Map()).keys()]).toEqual(["a", "c"]);
  });

  test("are missing when no host has one, and the cause is kept", async () => {
    const failure = await resolveRecords(records("0 1 1 a", "0 1 1 b"), knowing({})).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: "dns/no-target",
      message: "No host of the service has an address",
      cause: new Error("unknown"),
    });
  });

  test.each([[[]], [["0 0 0 ."]]])("are missing when no record counts: %p", async (lines) => {
    const failure = await resolveRecords(records(...lines), knowing({})).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "dns/no-service", message: "The service is not available" });
  });

  test("are asked for eight hosts at a time, each host once", async () => {
    let [asked, running, most] = [0, 0, 0];
    const lookUp: LookUp = async () => {
      asked++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return { addresses: [{ host: "192.0.2.1" }] };
    };
    const lines = Array.from({ length: 100 }, (_, index) => `0 1 ${index + 1} host${index % 50}`);
    expect((await resolveRecords(records(...lines), lookUp)).addresses).toHaveLength(100);
    expect(asked).toBe(50);
    expect(most).toBe(8);
  });
});
