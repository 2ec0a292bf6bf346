// Whom an AgentEndpoint passes its clients on to: a Service in every form in which one can be written, or whatever a host stands for.

import { describe, expect, test } from "bun:test";
import { agent, reached, readiness } from "../../support/endpoint-documents.ts";
import { backendTls, manifest, policy, service, slice } from "../../support/gateway-documents.ts";
import { translateManifests, type TranslateOptions } from "../../support/translate-manifests.ts";

const ROUTE = "agentendpoint/default/a";
const OUTSIDE: TranslateOptions = { inCluster: false };
const READY = { endpoints: [{ addresses: ["10.0.0.1"] }, { addresses: ["10.0.0.2"] }] };

/** Where the endpoint's clients go, and how ready it is. */
async function sent(upstream: string, others = "", options: TranslateOptions = {}) {
  const translated = await translateManifests(agent("a", "tcp://127.0.0.1:7000", upstream) + others, options);
  const [pool] = translated.compiled.plan.pools;
  const names = pool?.targets.map((target) => ("host" in target ? [target.host, ...(target.orElse ?? [])] : [])) ?? [];
  const ready = readiness(translated.status("AgentEndpoint", "a"));
  return { to: reached(translated, ROUTE), names, ready, said: translated.said, pool };
}

describe("an upstream that is a Service", () => {
  test.each(["tcp://db.prod:5432", "tcp://db.prod.svc:5432", "tcp://db.prod.svc.cluster.local:5432"])(
    "is found by %s, in a cluster and elsewhere",
    async (upstream) => {
      const there = service("prod/db") + slice("prod/db-1", "db", READY);
      expect((await sent(upstream, there)).to).toEqual(["10.0.0.1:5432", "10.0.0.2:5432"]);
      expect((await sent(upstream, there, OUTSIDE)).to).toEqual(["10.0.0.1:5432", "10.0.0.2:5432"]);
    },
  );

  test("by its name alone is one of the endpoint's namespace", async () => {
    const there = service("db") + slice("db-1", "db", READY) + service("prod/db");
    expect((await sent("tcp://db:5432", there)).to).toEqual(["10.0.0.1:5432", "10.0.0.2:5432"]);
  });

  test("has the target port that its endpoints have for it", async () => {
    const there =
      service("db", { ports: [{ name: "pg", port: 5432, targetPort: 6000 }] }) +
      slice("db-1", "db", { endpoints: [{ addresses: ["10.0.0.1"] }], ports: [{ name: "pg", port: 6000 }] });
    expect((await sent("tcp://db:5432", there)).to).toEqual(["10.0.0.1:6000"]);
  });

  test("may have Endpoints, or be a name elsewhere", async () => {
    const subsets = [{ addresses: [{ ip: "10.0.0.9" }], ports: [{ port: 5432 }] }];
    const endpoints = manifest("v1", "Endpoints", "db", { subsets });
    expect((await sent("tcp://db:5432", service("db") + endpoints)).to).toEqual(["10.0.0.9:5432"]);
    const external = service("db", { type: "ExternalName", externalName: "db.example.com" });
    expect((await sent("tcp://db:5432", external)).to).toEqual(["db.example.com:5432"]);
  });

  test("without either is asked for by its names", async () => {
    const names = ["db.prod.svc.cluster.local", "db.prod.svc"];
    expect((await sent("tcp://db.prod:5432", service("prod/db"))).names).toEqual([names]);
  });

  test("without a ready endpoint has nobody, and says so", async () => {
    const none = slice("db-1", "db", { endpoints: [{ addresses: ["10.0.0.1"], conditions: { ready: false } }] });
    const found = await sent("tcp://db:5432", service("db") + none);
    const why = 'No endpoint of port 5432 of Service "default/db" is ready';
    expect(found).toMatchObject({ to: why, ready: `False UpstreamError: ${why}` });
    expect(found.said).toEqual(["2: agentendpoint/upstream-error"]);
  });

  test("without that port has nobody", async () => {
    const why = 'Service "default/db" has no port 5433 for TCP';
    expect((await sent("tcp://db:5433", service("db"))).ready).toBe(`False UpstreamError: ${why}`);
    const udp = service("db", { ports: [{ port: 5433, protocol: "UDP" }] });
    expect((await sent("tcp://db:5433", udp)).to).toBe(why);
  });

  test("is used as its BackendPolicy says, or not at all", async () => {
    const there = service("db") + slice("db-1", "db", READY);
    const good = policy("BackendPolicy", "p", ["Service/db"], {
      balance: "least-connections",
      proxyProtocol: { send: 1 },
    });
    const found = await sent("tcp://db:5432", there + good);
    expect(found.pool).toMatchObject({ balance: "least-connections", proxySend: 1 });
    const bad = policy("BackendPolicy", "p", ["Service/db"], { balance: "fairly" });
    const closed = await sent("tcp://db:5432", there + bad, { mayBreak: true });
    expect(closed.pool).toBeUndefined();
    expect(closed.ready).toStartWith("False UpstreamError: ");
  });

  test("is spoken to in TLS as its BackendTLSPolicy says, or not at all", async () => {
    const there = service("db") + slice("db-1", "db", READY);
    const good = backendTls("p", ["db"], { wellKnownCACertificates: "System" });
    expect((await sent("tcp://db:5432", there + good)).pool?.upstreamTls).toMatchObject({
      serverName: "db.example.com",
    });
    const bad = backendTls("p", ["db"], { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "gone" }] });
    expect((await sent("tcp://db:5432", there + bad)).pool).toBeUndefined();
  });

  test("that others have is not one of the namespace", async () => {
    const there = service("prod/db") + slice("prod/db-1", "db", READY);
    expect((await sent("tcp://db:5432", there)).to).toEqual(["db:5432"]);
  });
});

describe("an upstream that nobody wrote", () => {
  test("is asked for in the cluster first, if there is one and the name may be of it", async () => {
    expect((await sent("tcp://db.prod:5432")).names).toEqual([["db.prod.svc.cluster.local", "db.prod"]]);
    expect((await sent("tcp://db.prod.svc:5432")).names).toEqual([["db.prod.svc.cluster.local", "db.prod.svc"]]);
    expect((await sent("tcp://db.prod:5432", "", OUTSIDE)).names).toEqual([["db.prod"]]);
  });

  test.each([
    ["tcp://db.example.com:5432", "db.example.com:5432"],
    ["tcp://localhost:5432", "localhost:5432"],
    ["tcp://10.0.0.7:5432", "10.0.0.7:5432"],
    ["tcp://[2001:db8::1]:5432", "2001:db8::1:5432"],
    ["tcp://db.prod.svc.cluster.local:5432", "db.prod.svc.cluster.local:5432"],
  ])("is the host of %s as it stands", async (upstream, to) => {
    const found = await sent(upstream);
    expect(found).toMatchObject({ to: [to], ready: "True EndpointActive" });
    expect(found.names.map(({ length }) => length)).toEqual([1]);
  });
});

describe("a PROXY header", () => {
  test.each(["1", "2"] as const)("of version %s is sent to the upstream", async (version) => {
    const upstream = { url: "tcp://10.0.0.1:1", proxyProtocolVersion: version };
    const { compiled } = await translateManifests(agent("a", "tcp://127.0.0.1:7000", "", { upstream }));
    expect(compiled.plan.pools[0]?.proxySend).toBe(version === "1" ? 1 : 2);
  });

  test("counts before that of the Service's BackendPolicy", async () => {
    const upstream = { url: "tcp://db:5432", proxyProtocolVersion: "2" };
    const wishes = policy("BackendPolicy", "p", ["Service/db"], { proxyProtocol: { send: 1 } });
    const { compiled } = await translateManifests(
      agent("a", "tcp://127.0.0.1:7000", "", { upstream }) + service("db") + wishes,
    );
    expect(compiled.plan.pools[0]?.proxySend).toBe(2);
  });
});
