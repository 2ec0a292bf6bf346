import { expect, test } from "bun:test";
import { join } from "node:path";
import { compileCidrMap } from "../../src/base/cidr-map.ts";
import { parseCidr } from "../../src/base/ip.ts";
import { Engine } from "../../src/engine/engine.ts";
import type { EngineSnapshot } from "../../src/engine/snapshot.ts";
import type { ListenerPlan, Plan, PoolPlan, RoutePlan } from "../../src/plan/plan.ts";
import type { Identity, Trust } from "../../src/resource/credentials.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { compileRoutes } from "../support/compile-routes.ts";
import { RecordedLog } from "../support/recorded-log.ts";

const TLS = join(import.meta.dir, "..", "fixtures", "tls");

async function readPem(name: string): Promise<string> {
  return Bun.file(join(TLS, name)).text();
}

async function identityOf(name: string, notAfterMs: number): Promise<Identity> {
  const [certificate, key] = await Promise.all([readPem(`${name}.pem`), readPem(`${name}.key`)]);
  return { certificate, key, notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs };
}

async function trustOf(): Promise<Trust> {
  return { ca: [await readPem("ca.pem")], crl: [] };
}

/** What the engine says of one route that has these besides what every route has. */
async function snapshotOf(
  route: Partial<RoutePlan>,
  pool: Partial<PoolPlan> = {},
  listeners: readonly ListenerPlan[] = [],
): Promise<EngineSnapshot> {
  const { plan } = await compileRoutes({ "db.yaml": "listen: 127.0.0.1:0\nbackends: [127.0.0.1:1]" });
  const engine = new Engine({ runtime: bunRuntime(), log: new RecordedLog() });
  const whole: Plan = {
    listeners,
    routes: plan.routes.map((base) => ({ ...base, ...route })),
    pools: plan.pools.map((base) => ({ ...base, ...pool })),
  };
  await engine.apply(whole);
  const snapshot = engine.snapshot();
  await engine.stop();
  return snapshot;
}

test("a route that terminates TLS tells its names, its rules and its certificate's dates, and never what is in its keys", async () => {
  const [server, client, trust] = [
    await identityOf("one", Date.UTC(2026, 3, 1)),
    await identityOf("client", Date.UTC(2027, 0, 1)),
    await trustOf(),
  ];
  const { routes } = await snapshotOf(
    {
      protocol: "postgres",
      hostnames: ["db.example.com", "*.apps.example.com"],
      alpn: ["postgresql"],
      clientCert: [{ commonNames: ["billing"] }, { dnsNames: [{ name: "a.example", wildcard: "none" }] }],
      tls: {
        mode: "terminate",
        identity: server,
        minVersion: "1.3",
        alpn: ["postgresql"],
        clientAuth: { trust, mode: "require", allow: [{ commonNames: ["billing"] }] },
      },
    },
    { proxySend: 2, upstreamTls: { trust, serverName: "db.internal", identity: client, insecure: false } },
  );
  expect(routes[0]).toMatchObject({
    protocol: "postgres",
    tls: {
      mode: "terminate",
      hostnames: ["db.example.com", "*.apps.example.com"],
      minVersion: "1.3",
      alpn: ["postgresql"],
      clientAuth: "require",
      certificate: { notBefore: "2026-01-01T00:00:00.000Z", notAfter: "2026-04-01T00:00:00.000Z" },
    },
    alpn: ["postgresql"],
    clientCert: 2,
    upstreamTls: {
      insecure: false,
      serverName: "db.internal",
      certificate: { notBefore: "2026-01-01T00:00:00.000Z", notAfter: "2027-01-01T00:00:00.000Z" },
    },
    proxySend: 2,
  });
  const told = JSON.stringify(routes);
  expect(told).not.toContain("-----BEGIN");
  for (const pem of [server.key, server.certificate, client.key, client.certificate, ...trust.ca]) {
    for (const line of pem.split("\n").filter((text) => text !== "")) expect(told).not.toContain(line);
  }
});

test("a route that passes TLS through tells its names only; none means all", async () => {
  const named = await snapshotOf({ tls: { mode: "passthrough" }, hostnames: ["db.example.com"] });
  expect(named.routes[0]?.tls).toEqual({ mode: "passthrough", hostnames: ["db.example.com"] });
  const all = await snapshotOf({ tls: { mode: "passthrough" } });
  expect(all.routes[0]?.tls).toEqual({ mode: "passthrough", hostnames: [] });
});

test("insecure backends and the least that there is to say are told as they are", async () => {
  const { routes } = await snapshotOf({}, { upstreamTls: { insecure: true }, proxySend: 1 });
  expect(routes[0]).toMatchObject({ protocol: "tcp", upstreamTls: { insecure: true }, proxySend: 1 });
  for (const key of ["tls", "alpn", "clientCert"]) expect(routes[0]).not.toHaveProperty(key);
});

test("a plain route says nothing about TLS, and nobody is greeting", async () => {
  const { routes, connectionsGreeting, connectionsUnrouted } = await snapshotOf({});
  for (const key of ["tls", "alpn", "clientCert", "upstreamTls", "proxySend"])
    expect(routes[0]).not.toHaveProperty(key);
  expect({ connectionsGreeting, connectionsUnrouted }).toEqual({ connectionsGreeting: 0, connectionsUnrouted: {} });
});

test("a listener tells how many sources begin with a PROXY header, and nothing when none does", async () => {
  const cidrs = ["10.0.0.0/8", "2001:db8::/32"].map((text) => parseCidr(text)).filter((cidr) => cidr !== undefined);
  const from = compileCidrMap(cidrs.map((cidr) => ({ cidr, value: 0 })));
  const plain: ListenerPlan = { name: "plain", host: "127.0.0.1", port: 0, entries: [], fallback: -1 };
  const hello = { timeoutMs: 5_000, protocol: "tcp", proxy: { from, versions: "any" } } as const;
  const { listeners } = await snapshotOf({}, {}, [plain, { ...plain, name: "proxied", hello }]);
  expect(listeners.map(({ name, proxyFrom }) => [name, proxyFrom])).toEqual([
    ["plain", undefined],
    ["proxied", 2],
  ]);
});
