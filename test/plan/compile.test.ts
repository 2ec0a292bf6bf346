import { expect, test } from "bun:test";

import { lookupCidr } from "../../src/base/cidr-map.ts";
import { parseIp } from "../../src/base/ip.ts";
import type { ListenerPlan, Plan } from "../../src/plan/plan.ts";
import { compileRoutes } from "../support/compile-routes.ts";

function on(listen: string, more = ""): string {
  return `listen: ${listen}\nbackends: ["b:1"]\n${more}`;
}

/** Listener names with the routes on each. */
function shape(plan: Plan): readonly string[] {
  return plan.listeners.map(({ name, entries }) => `${name} ${entries.map(({ route }) => route).join(" ")}`);
}

function routeFor(listener: ListenerPlan | undefined, address: string): string | undefined {
  const ip = parseIp(address);
  if (listener === undefined || ip === undefined) throw new Error("Expected a listener and an address");
  const index = listener.bySource === undefined ? -1 : lookupCidr(listener.bySource, ip);
  return listener.entries[index === -1 ? listener.fallback : index]?.route;
}

test("a route becomes a listener, a route and a pool", async () => {
  const { plan, told } = await compileRoutes({
    "dir/db.yaml": '\nlisten: "127.0.0.1:5432"\nbackends: ["A.b:1", "unix:/x", {address: "[::1]:2", weight: 3}]\n',
  });
  expect(told).toEqual([]);
  expect(plan).toEqual({
    listeners: [
      { name: "127.0.0.1:5432", host: "127.0.0.1", port: 5432, entries: [{ route: "db", portOffset: 0 }], fallback: 0 },
    ],
    routes: [
      {
        name: "db",
        file: "dir/db.yaml",
        line: 2,
        pools: [{ pool: "db", weight: 1 }],
        protocol: "tcp",
        timeouts: { connectMs: 5000, idleMs: 3_600_000, halfCloseMs: 600_000, lifetimeMs: 0, helloMs: 5000 },
        limits: { connections: 0, queue: { size: 128, timeoutMs: 5_000 } },
      },
    ],
    pools: [
      {
        name: "db",
        route: "db",
        balance: "round-robin",
        targets: [
          { host: "a.b", port: 1, ranged: false, address: "A.b:1", weight: 1, backup: false, maxConnections: 0 },
          { unix: "/x", address: "unix:/x", weight: 1, backup: false, maxConnections: 0 },
          { host: "::1", port: 2, ranged: false, address: "[::1]:2", weight: 3, backup: false, maxConnections: 0 },
        ],
        passive: { failures: 3, earlyResetMs: 0, ejectMs: 10_000, maxEjectMs: 300_000, ejectLast: false },
        onDown: "keep",
        slowStartMs: 0,
        dial: { attempts: 10, attemptMs: 0 },
        resolveIntervalMs: 15_000,
      },
    ],
  });
  expect(structuredClone(plan)).toEqual(plan);
});

test("what a route says of balance, health and limits is in its plan, as plain data", async () => {
  const { plan, told } = await compileRoutes({
    "db.yaml": [
      "listen: 5432",
      'backends: [{address: "a:1", maxConnections: 9}, {address: "b:1", backup: true}, "srv+_pg._tcp.C"]',
      "balance: least-connections",
      'health: {check: {send: "?", expect: "!"}, interval: 1s, port: 8008, passive: off, onDown: kill, slowStart: 30s}',
      "dial: {attempts: 2, timeout: 1s}",
      "resolve: {interval: 1m}",
      "limits: {connections: 5, rate: 60/m, perSource: 2, bandwidth: {route: 1MB/s}, queue: {size: 3}}",
    ].join("\n"),
  });
  expect(told).toEqual([]);
  expect(plan.routes[0]?.limits).toEqual({
    connections: 5,
    rate: { perSecond: 1, burst: 60 },
    perSource: { connections: 2, ipv6Prefix: 64 },
    bandwidth: { connectionBytesPerSecond: 0, routeBytesPerSecond: 1_000_000 },
    queue: { size: 3, timeoutMs: 5000 },
  });
  expect(plan.pools).toEqual([
    {
      name: "db",
      route: "db",
      balance: "least-connections",
      targets: [
        { host: "a", port: 1, ranged: false, address: "a:1", weight: 1, backup: false, maxConnections: 9 },
        { host: "b", port: 1, ranged: false, address: "b:1", weight: 1, backup: true, maxConnections: 0 },
        { srv: "_pg._tcp.c", address: "srv+_pg._tcp.C", weight: 1, backup: false, maxConnections: 0 },
      ],
      health: {
        check: { kind: "exchange", send: Uint8Array.of(63), expect: Uint8Array.of(33) },
        intervalMs: 1000,
        jitterMs: 100,
        timeoutMs: 1000,
        rise: 2,
        fall: 3,
        port: 8008,
      },
      onDown: "kill",
      slowStartMs: 30_000,
      dial: { attempts: 2, attemptMs: 1000 },
      resolveIntervalMs: 60_000,
    },
  ]);
  expect(structuredClone(plan)).toEqual(plan);
});

test.each([
  ["80", [], ["*:80"]],
  ["80", ["10.0.0.1", "::1"], ["10.0.0.1:80", "[::1]:80"]],
  ['"*:80"', ["10.0.0.1"], ["*:80"]],
  ['":80"', ["10.0.0.1"], ["*:80"]],
  ['"[::]:80"', [], ["*:80"]],
  ['"0.0.0.0:80"', [], ["0.0.0.0:80"]],
  ['"localhost:80"', [], ["127.0.0.1:80"]],
  ['"[0:0::1]:80"', [], ["[::1]:80"]],
  ['[80, "10.0.0.1:81"]', [], ["*:80", "10.0.0.1:81"]],
  ['"10.0.0.1:80-82"', [], ["10.0.0.1:80", "10.0.0.1:81", "10.0.0.1:82"]],
])("listen: %s, bound to %j, becomes %j", async (listen, bind, names) => {
  const { plan, told } = await compileRoutes({ "a.yaml": on(listen) }, undefined, bind);
  expect(told).toEqual([]);
  expect(plan.listeners.map(({ name }) => name)).toEqual(names);
});

test("a range is mapped port by port, and its listeners share their sets", async () => {
  const { plan } = await compileRoutes({
    "a.yaml":
      'listen: "5000-9999"\nbackends: ["b:6000-10999", "c:1"]\nallow: [10.0.0.0/8]\nmatch: {sources: [10.0.0.0/9]}\n',
  });
  expect(plan.listeners.length).toBe(5000);
  expect(plan.listeners[4999]?.entries).toEqual([{ route: "a", portOffset: 4999 }]);
  expect(plan.pools[0]?.targets.map((target) => "ranged" in target && target.ranged)).toEqual([true, false]);
  expect(new Set(plan.listeners.map(({ bySource }) => bySource)).size).toBe(1);
});

test("routes with different sources share a listener, and the most specific prefix wins", async () => {
  const { plan, told } = await compileRoutes({
    "a.yaml": on("80", "match: {sources: [10.0.0.0/8]}\n"),
    "b.yaml": on("80"),
    "c.yaml": on("80", 'match: {sources: [10.9.0.0/16, "2001:db8::/32"]}\n'),
  });
  expect(told).toEqual([]);
  const [listener] = plan.listeners;
  expect(shape(plan)).toEqual(["*:80 a b c"]);
  expect(routeFor(listener, "10.1.1.1")).toBe("a");
  expect(routeFor(listener, "10.9.1.1")).toBe("c");
  expect(routeFor(listener, "2001:db8::1")).toBe("c");
  expect(routeFor(listener, "192.0.2.1")).toBe("b");
});

test("without a route for the rest, the rest has none", async () => {
  const { plan } = await compileRoutes({ "a.yaml": on("80", "match: {sources: [10.0.0.0/8]}\n") });
  expect(plan.listeners[0]?.fallback).toBe(-1);
  expect(routeFor(plan.listeners[0], "192.0.2.1")).toBeUndefined();
});

test("of two routes on one port the later one is left out, and the message names the other", async () => {
  const { plan, diagnostics, told } = await compileRoutes({
    "a.yaml": on("80"),
    "b.yaml": on("80"),
    "c.yaml": on("81"),
  });
  expect(shape(plan)).toEqual(["*:80 a", "*:81 c"]);
  expect(told).toEqual(["b.yaml:1:9 plan/listen-conflict"]);
  expect(diagnostics[0]?.message).toBe('Cannot listen on *:80: route "a" (a.yaml:1) does');
});

test("what is running keeps its port against a file that comes before it", async () => {
  const before = await compileRoutes({ "b.yaml": on("80") });
  const after = await compileRoutes({ "a.yaml": on("80"), "b.yaml": on("80") }, before.plan);
  expect(shape(after.plan)).toEqual(["*:80 b"]);
  expect(after.told).toEqual(["a.yaml:1:9 plan/listen-conflict"]);
});

test("what is running keeps its port even while it asks for another one as well", async () => {
  const before = await compileRoutes({ "a.yaml": on("90"), "b.yaml": on("80") });
  const after = await compileRoutes({ "a.yaml": on("[90, 80]"), "b.yaml": on("[80, 81]") }, before.plan);
  expect(shape(after.plan)).toEqual(["*:80 b", "*:81 b"]);
  expect(after.told).toEqual(["a.yaml:1:14 plan/listen-conflict"]);
});

test("a route of the same name in another file is a newcomer", async () => {
  const before = await compileRoutes({ "b.yaml": `name: x\n${on("80")}`, "c.yaml": on("81") });
  const after = await compileRoutes(
    { "a.yaml": `name: x\n${on("82")}`, "b.yaml": `name: x\n${on("80")}`, "c.yaml": on("81") },
    before.plan,
  );
  expect(shape(after.plan)).toEqual(["*:80 x", "*:81 c"]);
  expect(after.told).toEqual(["a.yaml:1:7 plan/duplicate-name"]);
});

test("a document of the admin API replaces a file's route of the same name, with a warning", async () => {
  const { plan, diagnostics } = await compileRoutes({ "a.yaml": on("80"), "document:a": on("81") });
  expect(shape(plan)).toEqual(["*:81 a"]);
  expect(diagnostics.map(({ file, severity, code }) => `${file} ${severity} ${code}`)).toEqual([
    "a.yaml warning plan/overridden",
  ]);
});

test("port 0 never conflicts, and each of its listeners has a name of its own", async () => {
  const { plan, told } = await compileRoutes({
    "a.yaml": on("[0, 0]"),
    "b.yaml": on("0"),
    "c.yaml": on('"127.0.0.1:0"'),
  });
  expect(told).toEqual([]);
  expect(plan.listeners.map(({ name }) => name)).toEqual(["*:0#a", "*:0#a.2", "*:0#b", "127.0.0.1:0#c"]);
});

test.each([
  ["80", '"127.0.0.1:80"', true],
  ['"127.0.0.1:80"', "80", true],
  ['"0.0.0.0:80"', '"127.0.0.1:80"', true],
  ['"0.0.0.0:80"', '"[::1]:80"', false],
  ['"127.0.0.1:80"', '"127.0.0.2:80"', false],
  ['"0.0.0.0:80"', "80", true],
  ['"75-85"', '"127.0.0.1:80"', true],
])("%s beside %s overlap: %s", async (a, b, overlap) => {
  const { told } = await compileRoutes({ "a.yaml": on(a), "b.yaml": on(b) });
  expect(told).toEqual(overlap ? ["b.yaml:1:9 plan/listen-overlap"] : []);
});

test("a route that is left out takes none of the ports it asked for", async () => {
  const { plan } = await compileRoutes({ "a.yaml": on("80"), "b.yaml": on("[81, 82, 80]"), "c.yaml": on("[81, 82]") });
  expect(shape(plan)).toEqual(["*:80 a", "*:81 c", "*:82 c"]);
});

test("a plan has a limited number of listeners, and refuses a route before it makes them", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`${index}.yaml`, on(`"10.0.0.${index}:1-65535"`)]),
  );
  const { plan, told } = await compileRoutes(files);
  expect(plan.listeners.length).toBe(131_070);
  expect(told.length).toBe(38);
  expect(told[0]).toEndWith("plan/too-many-listeners");
});
