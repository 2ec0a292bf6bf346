// What the executable refuses and ejects is seen, with its reason, in the log, the metrics and the admin API.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { BackendSnapshot } from "../../src/engine/snapshot.ts";
import type { Backend } from "../support/backend.ts";
import { type BinaryBench, type RunningBinary, shippedBinary } from "../support/binary.ts";
import { eventually } from "../support/eventually.ts";
import { Peer } from "../support/peer.ts";
import { DEAD_HOST, deadPort, lettered, visit } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";

let bench: BinaryBench;
let backend: Backend;
let gateway: RunningBinary;
let dead: string;
let good: string;
const cleanup = new AsyncDisposableStack();

beforeAll(async () => {
  bench = cleanup.use(await shippedBinary());
  backend = cleanup.use(await lettered("b"));
  dead = `${DEAD_HOST}:${await deadPort()}`;
  good = `127.0.0.1:${backend.port}`;
  const place = await bench.place();
  const routes = {
    source: { backends: [good], limits: { perSource: 1 } },
    flood: { backends: [good], limits: { perSource: { rate: { limit: "1/h", burst: 1 } } } },
    rate: { backends: [good], limits: { rate: { limit: "1/h", burst: 1 } } },
    full: { backends: [good], limits: { connections: 1 } },
    queue: { backends: [{ address: good, maxConnections: 1 }], limits: { queue: "off" } },
    patience: { backends: [{ address: good, maxConnections: 1 }], limits: { queue: { size: 1, timeout: "1ms" } } },
    source_list: { backends: [good], deny: ["127.0.0.0/8"] },
    drained: { backends: [good] },
    ejected: { backends: [dead, good] },
    checked: { backends: [dead], health: { interval: "100ms", timeout: "100ms", jitter: "off", fall: 2 } },
    refusing: { backends: [dead] },
  };
  for (const [name, route] of Object.entries(routes)) await place.write(`${name}.yaml`, { listen: LISTEN, ...route });
  gateway = cleanup.use(await place.start(["--routes", `${place.path}/routes`]));
});

afterAll(() => cleanup.disposeAsync());

/** What a route counted, logged and tells about its refused clients. */
async function expectRefused(route: string, reason: string): Promise<void> {
  const refused = () => gateway.log.filter((line) => line["route"] === route && line["event"] === "connection");
  await eventually(() => refused().some((line) => line["reason"] === reason));
  expect((await gateway.metrics()).get(`sallyport_connections_total{route="${route}",reason="${reason}"}`)).toBe(1);
  const { items } = JSON.parse((await gateway.cli("routes", "--json")).out);
  expect(items.find(({ name }: { name: string }) => name === route).connectionsTotal).toMatchObject({ [reason]: 1 });
}

/** The only backend of a route, or the first. */
async function told(route: string): Promise<BackendSnapshot> {
  const [first] = await gateway.backends(route);
  if (first === undefined) throw new Error(`Route "${route}" has no backend`);
  return first;
}

async function metricOf(route: string, backendName: string, name: string, more = ""): Promise<number | undefined> {
  return (await gateway.metrics()).get(`sallyport_backend_${name}{route="${route}",backend="${backendName}"${more}}`);
}

describe("who is refused", () => {
  test.each([
    ["source", "one source has as many connections as it may"],
    ["full", "the route has as many connections as it may"],
    ["queue", "the backend has as many connections as it may, and nobody may wait"],
    ["patience", "the backend has as many connections as it may, and the wait is over"],
  ])("%s: denied-concurrency when %s", async (route) => {
    const port = await gateway.port(route);
    await using held = await Peer.connect(port);
    await held.read(1);
    expect(await visit(port)).toBe("reset");
    await expectRefused(route, "denied-concurrency");
  });

  test.each([
    ["rate", "all of them come too often"],
    ["flood", "one source comes too often"],
  ])("%s: denied-rate when %s", async (route) => {
    const port = await gateway.port(route);
    expect(await visit(port)).toBe("b");
    expect(await visit(port)).toBe("reset");
    await expectRefused(route, "denied-rate");
  });

  test("denied-address when the source is on the list", async () => {
    expect(await visit(await gateway.port("source_list"))).toBe("reset");
    await expectRefused("source_list", "denied-address");
  });

  test("dial-refused when the only backend refuses, which it is told with", async () => {
    expect(await visit(await gateway.port("refusing"))).toBe("reset");
    await expectRefused("refusing", "dial-refused");
    expect(await told("refusing")).toMatchObject({
      state: "failing",
      dialFailures: 1,
      lastError: "ECONNREFUSED",
    });
    expect((await told("refusing")).reason).toStartWith("Used, but its last dial failed: ");
    expect(await metricOf("refusing", dead, "dial_failures_total")).toBe(1);
    const failed = gateway.log.find((line) => line["event"] === "dial-failed" && line["route"] === "refusing");
    expect(failed).toMatchObject({ level: "warn", backend: dead, reason: "dial-refused" });
  });
});

describe("who gets no clients", () => {
  test("a full backend", async () => {
    await using held = await Peer.connect(await gateway.port("queue"));
    await held.read(1);
    const [target] = (await told("queue")).targets;
    expect(target).toMatchObject({ state: "full", reason: "Full: 1 of 1 connections" });
    expect(await metricOf("queue", good, "targets", ',state="full"')).toBe(1);
  });

  test("a backend that was drained by hand, and then its route has none", async () => {
    const { code, out } = await gateway.cli("backends", "set", good, "--route", "drained", "--state", "drain");
    expect(code).toBe(0);
    expect(out).toContain("Drained by hand");
    expect(await visit(await gateway.port("drained"))).toBe("reset");
    await expectRefused("drained", "no-backend");
    expect(await told("drained")).toMatchObject({
      state: "drained",
      reason: "Drained by hand",
      override: { state: "drain" },
      targets: [{ state: "drained", reason: "Drained by hand" }],
    });
    expect(await metricOf("drained", good, "up")).toBe(0);
    expect(await metricOf("drained", good, "targets", ',state="drained"')).toBe(1);
    expect(await gateway.logged("backend-override")).toMatchObject({ route: "drained", backend: good, state: "drain" });
  });

  test("a backend that failed its clients", async () => {
    const port = await gateway.port("ejected");
    for (let round = 0; round < 6; round++) expect(await visit(port)).toBe("b");
    const line = await gateway.logged("backend-ejected");
    expect(line).toMatchObject({ level: "warn", route: "ejected", backend: dead, seconds: 10 });
    const ejected = await told("ejected");
    expect(ejected).toMatchObject({ state: "down", ejections: 1, reason: `Ejected: ${String(line["reason"])}` });
    expect(ejected.targets).toMatchObject([{ state: "ejected", ejections: 1, ejectedUntil: expect.any(String) }]);
    expect(await metricOf("ejected", dead, "ejections_total")).toBe(1);
    expect(await metricOf("ejected", dead, "targets", ',state="ejected"')).toBe(1);
    expect(await metricOf("ejected", dead, "up")).toBe(0);
    expect((await gateway.metrics()).get('sallyport_retries_total{route="ejected"}')).toBe(3);
  });

  test("a backend that failed its checks, and then its route has none", async () => {
    await eventually(async () => (await told("checked")).targets[0]?.check?.status === "down");
    expect(await visit(await gateway.port("checked"))).toBe("reset");
    await expectRefused("checked", "no-backend");
    const { state, reason, targets } = await told("checked");
    expect({ state, reason }).toEqual({ state: "down", reason: "Check failed: Cannot connect: ECONNREFUSED" });
    expect(targets).toMatchObject([{ state: "down", check: { status: "down", since: expect.any(String) } }]);
    expect(await metricOf("checked", dead, "checks_total", ',result="bad"')).toBeGreaterThanOrEqual(2);
    expect(await metricOf("checked", dead, "targets", ',state="down"')).toBe(1);
    expect(await metricOf("checked", dead, "up")).toBe(0);
    expect(await gateway.logged("backend-down")).toMatchObject({
      level: "warn",
      backend: dead,
      check: "tcp",
      reason: "Cannot connect: ECONNREFUSED",
    });
    const { out } = await gateway.cli("backends", "--route", "checked");
    expect(out).toContain("Check failed: Cannot connect: ECONNREFUSED");
  });
});
