// What the resolver relies on, or works around, in `node:dns` as Bun has it.

import { expect, test } from "bun:test";
import { Resolver } from "node:dns/promises";
import { startDnsServer } from "../support/dns-server.ts";

function client(server: string): Resolver {
  const made = new Resolver({ timeout: 1_000, tries: 1 });
  made.setServers([server]);
  return made;
}

test("a client keeps a good answer for its lifetime, and another one does not know it", async () => {
  await using server = await startDnsServer({ "db.test": { a: ["127.0.0.2"], ttl: 3_600 } });
  const first = client(server.address);
  await first.resolve4("db.test");
  server.zone.set("db.test", { a: ["127.0.0.3"] });
  expect(await first.resolve4("db.test")).toEqual(["127.0.0.2"]);
  expect(await client(server.address).resolve4("db.test")).toEqual(["127.0.0.3"]);
});

test("a name without such records fails like one that is not there", async () => {
  await using server = await startDnsServer({ "db.test": { a: ["127.0.0.2"] } });
  for (const name of ["db.test", "gone.test"]) {
    const failure = await client(server.address)
      .resolve6(name)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "ENOTFOUND" });
  }
});

test("the root as the target of a service is an empty name", async () => {
  await using server = await startDnsServer({ "_pg._tcp.test": { srv: ["0 0 0 ."] } });
  expect(await client(server.address).resolveSrv("_pg._tcp.test")).toEqual([
    { priority: 0, weight: 0, port: 0, name: "" },
  ]);
});

test("an open query can be withdrawn", async () => {
  await using server = await startDnsServer();
  server.silent = true;
  const asking = client(server.address);
  const failure = asking.resolve4("db.test").catch((error: unknown) => error);
  asking.cancel();
  expect(await failure).toMatchObject({ code: "ECANCELLED" });
});
