// Backends that are SRV records: their weights and priorities, and records and hosts that come and go while running.

import { expect, test } from "bun:test";
import { type DnsEntry, type DnsServer, startDnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { lettered, visit, visits } from "../support/visit.ts";

const SERVICE = "_pg._tcp.test";
/** The shortest lifetime that is believed, in seconds. */
const SHORT_TTL = 1;
/** What cannot be asked for is asked again after five seconds. */
const INCOMPLETE_MS = 20_000;

interface Scene extends AsyncDisposable {
  readonly dns: DnsServer;
  readonly flow: FlowGateway;
  readonly port: number;
  /** What the service's targets are, and how each is. */
  targets(): Promise<string[]>;
}

function host(...a: readonly string[]): DnsEntry {
  return { a, ttl: SHORT_TTL };
}

async function start(zone: Readonly<Record<string, DnsEntry>>): Promise<Scene> {
  const dns = await startDnsServer(zone);
  const flow = await startFlow(
    { "db.yaml": { listen: "127.0.0.1:0", backends: [`srv+${SERVICE}`] } },
    { dns: [dns.address] },
  );
  const targets = async (): Promise<string[]> => {
    const { backends } = await flow.view.engine();
    return (backends[0]?.targets ?? []).map(({ address }) => address);
  };
  await eventually(async () => (await targets()).length > 0);
  return {
    dns,
    flow,
    port: await flow.port("db"),
    targets,
    async [Symbol.asyncDispose]() {
      await flow[Symbol.asyncDispose]();
      await dns[Symbol.asyncDispose]();
    },
  };
}

test("records get clients by their weights", async () => {
  await using a = await lettered("a");
  await using b = await lettered("b");
  await using scene = await start({
    [SERVICE]: { srv: [`0 3 ${a.port} db1.test`, `0 1 ${b.port} db1.test`] },
    "db1.test": host("127.0.0.1"),
  });
  expect(await visits(scene.port, 12)).toEqual({ a: 9, b: 3 });
});

test("a higher priority number is for when nothing of a lower one is left", async () => {
  await using a = await lettered("a");
  await using b = await lettered("b");
  await using c = await lettered("c");
  await using scene = await start({
    [SERVICE]: { srv: [`10 1 ${a.port} db1.test`, `20 1 ${b.port} db1.test`, `30 1 ${c.port} db1.test`] },
    "db1.test": host("127.0.0.1"),
  });
  expect(await visits(scene.port, 4)).toEqual({ a: 4 });
  await a.close();
  expect(await visits(scene.port, 6)).toEqual({ b: 6 });
  await b.close();
  expect(await visits(scene.port, 6)).toEqual({ c: 6 });
  // Those that refused were ejected after three failures.
  const { backends } = await scene.flow.view.engine();
  expect(backends[0]?.targets.map(({ state }) => state)).toEqual(["ejected", "ejected", "up"]);
});

test("records come and go, and the connections of those that are gone live on", async () => {
  await using a = await lettered("a");
  await using b = await lettered("b");
  await using scene = await start({
    [SERVICE]: { srv: [`0 1 ${a.port} db1.test`] },
    "db1.test": host("127.0.0.1"),
  });
  await using staying = await Peer.connect(scene.port);
  expect(await staying.read(1)).toBe("a");

  scene.dns.zone.set(SERVICE, { srv: [`0 1 ${a.port} db1.test`, `0 1 ${b.port} db1.test`] });
  await eventually(async () => (await scene.targets()).length === 2);
  const both = await visits(scene.port, 8);
  expect(both).toEqual({ a: 4, b: 4 });

  scene.dns.zone.set(SERVICE, { srv: [`0 1 ${b.port} db1.test`] });
  await eventually(async () => (await scene.targets()).length === 1);
  expect(await visits(scene.port, 4)).toEqual({ b: 4 });
  await staying.send("still");
  expect(await staying.read(6)).toBe("astill");
  expect((await scene.flow.view.engine()).backends[0]?.connectionsActive).toBeGreaterThanOrEqual(1);
  staying.finish();
  expect(await staying.end()).toBe("fin");
  await eventually(async () => (await scene.flow.view.engine()).backends[0]?.connectionsActive === 0);
});

test(
  "a host that cannot be asked for a moment stays, and one that is gone does not",
  async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    await using scene = await start({
      [SERVICE]: { srv: [`0 1 ${a.port} db1.test`, `0 1 ${b.port} db2.test`] },
      "db1.test": host("127.0.0.1"),
      "db2.test": host("127.0.0.1"),
    });
    expect(await visits(scene.port, 4)).toEqual({ a: 2, b: 2 });

    const asked = (): number => scene.dns.questions.filter((question) => question === "A db2.test").length;
    scene.dns.zone.set("db2.test", "servfail");
    const before = asked();
    // The second question after the failure: the first answer without the host has been taken in by then.
    await eventually(() => asked() >= before + 2);
    expect(await scene.targets()).toHaveLength(2);
    expect(await visits(scene.port, 4)).toEqual({ a: 2, b: 2 });

    scene.dns.zone.delete("db2.test");
    await eventually(async () => (await scene.targets()).length === 1);
    expect(await visit(scene.port)).toBe("a");
  },
  INCOMPLETE_MS,
);
