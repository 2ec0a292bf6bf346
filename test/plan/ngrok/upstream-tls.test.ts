// TLS that begins here: for which upstreams, what is verified of them, and what they are shown.

import { describe, expect, test } from "bun:test";
import { INSECURE_ANNOTATION } from "../../../src/plan/ngrok/upstream-pool.ts";
import {
  agent,
  inline,
  named,
  readiness,
  terminateTls,
  tlsSecret,
  trafficPolicy,
} from "../../support/endpoint-documents.ts";
import { backendTls, service } from "../../support/gateway-documents.ts";
import { tlsPem } from "../../support/tls-client.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

type Spec = Readonly<Record<string, unknown>>;

/** How the only pool is spoken to, and how ready the endpoint is. */
async function spoken(url: string, upstream: string, rest: Spec = {}, others = "") {
  const translated = await translateManifests(agent("a", url, upstream, rest) + others);
  const [pool] = translated.compiled.plan.pools;
  return {
    tls: pool?.upstreamTls,
    pool,
    ready: readiness(translated.status("AgentEndpoint", "a")),
    said: translated.messages,
  };
}

const TCP = "tcp://127.0.0.1:7000";
const TLS = "tls://one.example:7000";

describe("an upstream with tls://", () => {
  test("is verified by its host and the system's authorities", async () => {
    expect((await spoken(TCP, "tls://db.example.com:5432")).tls).toEqual({
      serverName: "db.example.com",
      insecure: false,
    });
    expect((await spoken(TCP, "tls://10.0.0.1:5432")).tls).toEqual({ serverName: "10.0.0.1", insecure: false });
    expect((await spoken(TCP, "tls://db.prod:5432", {}, service("prod/db"))).tls).toEqual({
      serverName: "db.prod",
      insecure: false,
    });
  });

  test("is not verified when the endpoint says so, and by nothing but true", async () => {
    for (const [value, insecure] of [
      ["true", true],
      ["false", false],
      ["yes", false],
      ["", false],
    ] as const) {
      const { compiled } = await translateManifests(annotated("tls://db.example.com:5432", value));
      expect(compiled.plan.pools[0]?.upstreamTls).toEqual({ serverName: "db.example.com", insecure });
    }
  });

  test("is verified as its Service's BackendTLSPolicy says, whatever the annotation says", async () => {
    const there = service("db") + backendTls("p", ["db"], { wellKnownCACertificates: "System" });
    const { compiled } = await translateManifests(annotated("tls://db:5432", "true") + there);
    expect(compiled.plan.pools[0]?.upstreamTls).toEqual({ serverName: "db.example.com", insecure: false });
  });

  test("is shown the certificate that the endpoint names", async () => {
    const found = await spoken(TCP, "tls://db:5432", { clientCertificateRefs: [{ name: "own" }] }, tlsSecret("own"));
    expect(found.tls?.identity?.certificate).toContain(tlsPem("one.pem").trim());
  });

  test("has nobody when that certificate is not there", async () => {
    const found = await spoken(TCP, "tls://db:5432", { clientCertificateRefs: [{ name: "own" }] });
    expect(found.pool).toBeUndefined();
    expect(found.ready).toStartWith("False UpstreamError: ");
    expect(found.said).toHaveLength(1);
  });

  test("gets the clients' own TLS as it is when that goes through", async () => {
    expect((await spoken(TLS, "tls://db:5432")).tls).toBeUndefined();
    const there = service("db") + backendTls("p", ["db"], { wellKnownCACertificates: "System" });
    expect((await spoken(TLS, "tls://db:5432", {}, there)).tls).toBeUndefined();
  });

  test("is spoken to in new TLS when the clients' ends here", async () => {
    const ends = inline(terminateTls());
    expect((await spoken(TLS, "tls://db:5432", ends)).tls).toEqual({ serverName: "db", insecure: false });
    const byName = trafficPolicy("p", { on_tcp_connect: [{ actions: [terminateTls()] }] });
    expect((await spoken(TLS, "tls://db:5432", named("p"), byName)).tls).toEqual({ serverName: "db", insecure: false });
  });

  test("of an endpoint inside gets new TLS for those clients alone whose own has ended", async () => {
    const wanted = { serverName: "db", insecure: false, unlessTls: true } as const;
    expect((await spoken("tls://a.internal:1", "tls://db:5432")).tls).toEqual(wanted);
    const there = service("db") + backendTls("p", ["db"], { wellKnownCACertificates: "System" });
    const byPolicy = { serverName: "db.example.com", insecure: false, unlessTls: true } as const;
    expect((await spoken("tls://a.internal:1", "tcp://db:5432", {}, there)).tls).toEqual(byPolicy);
    expect((await spoken("tcp://a.internal:1", "tls://db:5432")).tls).toEqual({ serverName: "db", insecure: false });
  });
});

test("an upstream with tcp:// is spoken to in the clear, or in what clients speak", async () => {
  expect((await spoken(TCP, "tcp://db:5432")).tls).toBeUndefined();
  expect((await spoken(TLS, "tcp://db:5432")).tls).toBeUndefined();
  expect((await spoken(TLS, "tcp://db:5432", inline(terminateTls()))).tls).toBeUndefined();
});

/** An endpoint that says of its upstream whether to verify it. */
function annotated(upstream: string, value: string): string {
  const annotations = `"annotations":${JSON.stringify({ [INSECURE_ANNOTATION]: value })}`;
  return agent("a", TCP, upstream).replace('"name":"a"', `"name":"a",${annotations}`);
}
