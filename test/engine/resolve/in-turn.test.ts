// Names that are asked for one after the other, of a real DNS server.

import { describe, expect, test } from "bun:test";

import { inTurn } from "../../../src/engine/resolve/in-turn.ts";
import { serverLookUp } from "../../../src/engine/resolve/look-up.ts";
import type { NameAnswer, NameQuery } from "../../../src/engine/resolve/name-query.ts";
import { Resolver } from "../../../src/engine/resolve/resolver.ts";
import { type DnsServer, startDnsServer } from "../../support/dns-server.ts";
import { eventually } from "../../support/eventually.ts";
import { ManualTimers } from "../../support/manual-timers.ts";
import { RecordedLog } from "../../support/recorded-log.ts";
import { speaksFirst, startBackend } from "../../support/backend.ts";
import { Peer } from "../../support/peer.ts";
import { share, SharedRoute } from "../../support/shared-route.ts";

const QUERY: NameQuery = { host: "db.default.svc.test", orElse: ["db.default.test", "db.test"] };
/** The shortest lifetime that is believed, in seconds. */
const SHORT_TTL = 1;

function answerOf(of: string, list: readonly string[], more: Partial<NameAnswer> = {}): NameAnswer {
  return { addresses: list.map((host) => ({ host })), of, ...more };
}

async function ask(server: DnsServer, query: NameQuery = QUERY): Promise<unknown> {
  return await inTurn(serverLookUp([server.address]))(query).catch((error: unknown) =>
    error instanceof Error && "code" in error ? error.code : error,
  );
}

function namesAsked({ questions }: DnsServer): readonly string[] {
  return [...new Set(questions.map((question) => question.split(" ")[1] ?? ""))];
}

describe("the next name is asked for", () => {
  test("not at all when the first one exists", async () => {
    await using server = await startDnsServer({
      "db.default.svc.test": { a: ["127.0.0.2"] },
      "db.test": { a: ["127.0.0.3"] },
    });
    expect(await ask(server)).toMatchObject({ addresses: [{ host: "127.0.0.2" }], of: "db.default.svc.test" });
    expect(namesAsked(server)).toEqual(["db.default.svc.test"]);
  });

  test("when the one before does not exist, or has no addresses", async () => {
    await using server = await startDnsServer({ "db.default.test": {}, "db.test": { aaaa: ["::1"] } });
    expect(await ask(server)).toMatchObject({ addresses: [{ host: "::1" }], of: "db.test" });
    expect(namesAsked(server)).toEqual(["db.default.svc.test", "db.default.test", "db.test"]);
  });

  test.each(["servfail", "silent"] as const)(
    "not when nobody could say whether there is one before it: %s",
    async (how) => {
      await using server = await startDnsServer({ "db.test": { a: ["127.0.0.3"] } });
      server.zone.set("db.default.svc.test", how);
      expect(await ask(server)).toBe(how === "silent" ? "ETIMEOUT" : "ESERVFAIL");
      expect(namesAsked(server)).toEqual(["db.default.svc.test"]);
    },
  );

  test("not when only one family of the one before could be asked for", async () => {
    await using server = await startDnsServer({
      "db.default.svc.test": { fails: "AAAA" },
      "db.test": { a: ["127.0.0.3"] },
    });
    expect(await ask(server)).toBe("ESERVFAIL");
  });
});

test("none that exists is an absence like that of a single name", async () => {
  await using server = await startDnsServer();
  expect(await ask(server)).toBe("ENOTFOUND");
  expect(await ask(server, { host: "db.test" })).toBe("ENOTFOUND");
});

describe("a watch", () => {
  test("of names in turn is another one than that of the first alone, and says all of them when they fail", async () => {
    const log = new RecordedLog();
    const timers = new ManualTimers();
    const resolver = new Resolver(
      log,
      async () => {
        throw Object.assign(new Error("none"), { code: "ENOTFOUND" });
      },
      timers,
    );
    const one = resolver.watch({ host: "a" }, 60_000, () => {});
    const both = resolver.watch({ host: "a", orElse: ["b"] }, 60_000, () => {});
    await timers.pass(0);
    expect([one.error?.message, both.error?.message]).toEqual([
      'Cannot resolve "a": ENOTFOUND',
      'Cannot resolve "a or b": ENOTFOUND',
    ]);
  });

  test("keeps nothing of one name for another, and asks again for the first however long the other's answer holds", async () => {
    const timers = new ManualTimers();
    let found: { readonly a?: NameAnswer; readonly b: NameAnswer } = {
      a: answerOf("a", ["192.0.2.1", "2001:db8::1"], { ttlMs: 60_000 }),
      b: answerOf("b", ["192.0.2.2"], { ttlMs: 300_000, unknownFamily: 6 }),
    };
    const resolver = new Resolver(
      new RecordedLog(),
      async (query) => {
        const answer = "host" in query && query.host === "a" ? found.a : found.b;
        if (answer === undefined) throw Object.assign(new Error("none"), { code: "ENOTFOUND" });
        return answer;
      },
      timers,
    );
    const watch = resolver.watch({ host: "a", orElse: ["b"] }, 5_000, () => {});
    await timers.pass(0);
    expect(watch.addresses.map(({ host }) => host)).toEqual(["192.0.2.1", "2001:db8::1"]);
    found = { b: found.b };
    await timers.pass(6_000);
    expect(watch.addresses.map(({ host }) => host)).toEqual(["192.0.2.2"]);
    found = { ...found, a: answerOf("a", ["192.0.2.3"]) };
    await timers.pass(6_000);
    expect(watch.addresses.map(({ host }) => host)).toEqual(["192.0.2.3"]);
  });
});

test("a backend is reached by whichever of its names there is, under the first of them", async () => {
  await using old = await startBackend(speaksFirst("old"), { host: "127.0.0.2" });
  await using fresh = await startBackend(speaksFirst("new"), { host: "127.0.0.3", port: old.port });
  await using dns = await startDnsServer({ "db.test": { a: ["127.0.0.2"], ttl: SHORT_TTL } });
  const named = share("", 1, [`db.svc.test:${old.port}`]);
  const backends = named.spec.backends.map((backend) => ({ ...backend, orElse: ["db.test"] }));
  const pools = [{ ...named, spec: { ...named.spec, backends, resolveIntervalMs: 1_000 } }];
  await using route = await SharedRoute.start({ pools }, { lookUp: serverLookUp([dns.address]) });
  await using first = await Peer.connect(route.port);
  expect(await first.read(3)).toBe("old");
  expect(route.engine.snapshot().backends).toMatchObject([
    { backend: `db.svc.test:${old.port}`, addresses: ["127.0.0.2"] },
  ]);
  dns.zone.set("db.svc.test", { a: ["127.0.0.3"], ttl: SHORT_TTL });
  await eventually(() => route.engine.snapshot().backends[0]?.addresses[0] === "127.0.0.3");
  await using second = await Peer.connect(route.port);
  expect(await second.read(3)).toBe("new");
  expect(fresh.peers).toHaveLength(1);
});
