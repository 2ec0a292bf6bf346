import { expect, test } from "bun:test";
import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { startDnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

/** The shortest lifetime that is believed, in seconds. */
const SHORT_TTL = 1;
/** For a server that says nothing until it is given up, in milliseconds. */
const SILENCE_MS = 30_000;

test("a name that moves takes new connections along, and leaves those it has", async () => {
  await using old = await startBackend(speaksFirst("old"), { host: "127.0.0.2" });
  await using fresh = await startBackend(speaksFirst("new"), { host: "127.0.0.3", port: old.port });
  await using dns = await startDnsServer({ "db.test": { a: ["127.0.0.2"], ttl: SHORT_TTL } });
  await using flow = await startFlow(
    { "db.yaml": { listen: "127.0.0.1:0", backends: [`db.test:${old.port}`] } },
    { dns: [dns.address] },
  );
  const port = await flow.port("db");
  await using staying = await Peer.connect(port);
  expect(await staying.read(3)).toBe("old");

  dns.zone.set("db.test", { a: ["127.0.0.3"], ttl: SHORT_TTL });
  await eventually(() =>
    flow.log.lines.some(({ event, fields }) => event === "resolved" && fields["removed"] === "127.0.0.2"),
  );
  await using moved = await Peer.connect(port);
  expect(await moved.read(3)).toBe("new");
  expect(fresh.peers).toHaveLength(1);
  await staying.send("still");
  expect(await staying.read(8)).toBe("oldstill");
});

test(
  "a name server that falls silent changes nothing but the log",
  async () => {
    await using backend = await startBackend(echo, { host: "127.0.0.2" });
    await using dns = await startDnsServer({ "db.test": { a: ["127.0.0.2"], ttl: SHORT_TTL } });
    await using flow = await startFlow(
      { "db.yaml": { listen: "127.0.0.1:0", backends: [`db.test:${backend.port}`] } },
      { dns: [dns.address] },
    );
    const port = await flow.port("db");
    await using before = await Peer.connect(port);
    await before.send("one");
    expect(await before.read(3)).toBe("one");

    dns.silent = true;
    expect(await flow.log.line("resolve-failed")).toMatchObject({
      level: "warn",
      message: 'Cannot resolve "db.test": ETIMEOUT',
      fields: { host: "db.test", addressesKept: 1 },
    });
    await using after = await Peer.connect(port);
    await after.send("two");
    expect(await after.read(3)).toBe("two");
  },
  SILENCE_MS,
);

test("a name that nobody knows has no backend until somebody does", async () => {
  await using backend = await startBackend(echo, { host: "127.0.0.2" });
  await using dns = await startDnsServer();
  await using flow = await startFlow(
    { "db.yaml": { listen: "127.0.0.1:0", backends: [`db.test:${backend.port}`] } },
    { dns: [dns.address] },
  );
  await flow.log.line("resolve-failed");
  await using refused = await Peer.connect(await flow.port("db"));
  await refused.end();
  expect(await flow.log.record()).toMatchObject({ reason: "no-backend" });
  dns.zone.set("db.test", { a: ["127.0.0.2"] });
  await flow.log.line("resolve-recovered");
  await using served = await Peer.connect(await flow.port("db"));
  await served.send("hello");
  expect(await served.read(5)).toBe("hello");
});
