// TLS of ngrok's endpoints over real sockets: what goes through, what ends here and how clients prove who they are, and what upstreams
// hear.

import { describe, expect, test } from "bun:test";
import { agent, caSecret, cloud, forwardTo, inline, terminateTls, tlsSecret } from "../support/endpoint-documents.ts";
import { startBackend } from "../support/backend.ts";
import { apply, startEndpoints, upstreamAt } from "../support/endpoints-flow.ts";
import { freePort } from "../support/free-port.ts";
import { Peer } from "../support/peer.ts";
import { backendTls, service, slice } from "../support/gateway-documents.ts";
import { startTlsBackend } from "../support/tls-backend.ts";
import { shows, tlsPem, tlsVisit } from "../support/tls-client.ts";
import { lettered, visit } from "../support/visit.ts";

const ONE = { servername: "one.example" };
const TWO = { servername: "two.example" };
const STRANGER = { cert: tlsPem("stranger.pem"), key: tlsPem("stranger.key") };
const SECRETS = tlsSecret("cert") + caSecret("ca");
const insecure = (text: string): string =>
  text.replace('"metadata":{', '"metadata":{"annotations":{"sallyport.dev/upstream-insecure":"true"},');

describe("an endpoint with tls://", () => {
  test("lets the TLS of its name through, beside others on its port", async () => {
    await using one = await startTlsBackend("1", "one");
    await using two = await startTlsBackend("2", "two");
    const port = freePort();
    await using flow = await startEndpoints({
      one: agent("one", `tls://one.example:${port}`, upstreamAt(one, "tls")),
      two: agent("two", `tls://*.example:${port}`, upstreamAt(two)),
    });
    expect([await tlsVisit(port, ONE), await tlsVisit(port, TWO)]).toEqual(["1", "2"]);
    expect(await tlsVisit(port, { servername: "one.elsewhere" })).toBe("reset");
    expect(await tlsVisit(port)).toBe("reset");
    await apply(flow, "one", agent("one", `tls://one.example:${port}`, upstreamAt(two, "tls")));
    expect(await tlsVisit(port, { ...ONE, checkServerIdentity: () => undefined })).toBe("2");
  });

  test("with mistakes in its document has its name, which is not for one with a star", async () => {
    await using two = await startTlsBackend("2", "two");
    const port = freePort();
    const others = agent("two", `tls://*.example:${port}`, upstreamAt(two));
    const broken = agent("one", `tls://one.example:${port}`, "nowhere");
    await using _flow = await startEndpoints({ broken, others }, { mayBreak: true });
    expect([await tlsVisit(port, ONE), await tlsVisit(port, TWO)]).toEqual(["reset", "2"]);
  });

  test("ends TLS with its Secret, and its upstream hears what is inside", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    const ends = { tlsTermination: { serverCertificateRef: { name: "cert" } } };
    await using _flow = await startEndpoints({
      a: SECRETS + agent("a", `tls://one.example:${port}`, upstreamAt(backend), ends),
    });
    expect(await tlsVisit(port, ONE)).toBe("a");
    expect(await tlsVisit(port, TWO)).toBe("reset");
  });

  test.each([
    ["require", ["a", "reset", "reset"]],
    ["request", ["a", "a", "reset"]],
  ] as const)("lets clients in by their certificates, as mode %s says", async (mode, expected) => {
    await using backend = await lettered("a");
    const port = freePort();
    const mutualTLS = { clientCAsRef: { name: "ca" }, mode };
    const ends = { tlsTermination: { serverCertificateRef: { name: "cert" }, mutualTLS } };
    await using _flow = await startEndpoints({
      a: SECRETS + agent("a", `tls://one.example:${port}`, upstreamAt(backend), ends),
    });
    const seen = [];
    for (const shown of [shows("client"), {}, STRANGER]) seen.push(await tlsVisit(port, { ...ONE, ...shown }));
    expect(seen.map((each) => (each === "a" ? "a" : "reset"))).toEqual([...expected]);
    expect(backend.peers).toHaveLength(expected.filter((each) => each === "a").length);
  });

  test("ends TLS by its policy, for a CloudEndpoint too", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    await using _flow = await startEndpoints({
      a: agent("a", "tls://a.internal", upstreamAt(backend)),
      front: cloud("front", `tls://one.example:${port}`, inline(terminateTls(), forwardTo("tls://a.internal"))),
    });
    expect(await tlsVisit(port, ONE)).toBe("a");
  });

  test("lets nobody in when its policy has the key of another certificate", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    const wrong = inline(terminateTls("one", { server_private_key: tlsPem("two.key") }));
    const a = agent("a", `tls://one.example:${port}`, upstreamAt(backend), wrong);
    await using flow = await startEndpoints({ a }, { mayBreak: true });
    expect(await tlsVisit(port, ONE)).toBe("reset");
    expect((await flow.view.diagnostics()).map(({ code }) => code)).toContain("tls/key-mismatch");
  });

  test("shares its URL with others whose TLS ends alike", async () => {
    await using one = await lettered("1");
    await using two = await lettered("2");
    const port = freePort();
    const url = `tls://one.example:${port}`;
    const ends = { tlsTermination: { serverCertificateRef: { name: "cert" } } };
    await using _flow = await startEndpoints({
      a: SECRETS + agent("one", url, upstreamAt(one), ends) + agent("two", url, upstreamAt(two), ends),
    });
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) seen.add(await tlsVisit(port, ONE));
    expect([...seen].toSorted()).toEqual(["1", "2"]);
  });
});

describe("an upstream with tls://", () => {
  test("is spoken to in TLS, and must be who it is", async () => {
    await using backend = await startTlsBackend("s", "one");
    const port = freePort();
    const written = agent("a", `tcp://127.0.0.1:${port}`, upstreamAt(backend, "tls"));
    await using flow = await startEndpoints({ a: written });
    expect(await visit(port)).toBe("reset");
    expect(backend.secured).toHaveLength(0);
    await apply(flow, "a", insecure(written));
    expect(await visit(port)).toBe("s");
  });

  test("is shown the certificate that the endpoint names", async () => {
    await using backend = await startTlsBackend("s", "one", { requestCert: true, rejectUnauthorized: false });
    const port = freePort();
    const written = agent("a", `tcp://127.0.0.1:${port}`, upstreamAt(backend, "tls"), {
      clientCertificateRefs: [{ name: "cert" }],
    });
    await using _flow = await startEndpoints({ a: SECRETS + insecure(written) });
    expect(await visit(port)).toBe("s");
    expect(backend.shown).toEqual(["one.example"]);
  });

  test("that is a Service is verified as its BackendTLSPolicy says", async () => {
    await using backend = await startTlsBackend("s", "one");
    const port = freePort();
    const there =
      service("db") +
      slice("db-1", "db", { endpoints: [{ addresses: ["127.0.0.1"] }], ports: [{ port: backend.port }] });
    const ca = `---\n${JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "ca" }, data: { "ca.crt": tlsPem("ca.pem") } })}\n`;
    const caCertificateRefs = [{ group: "", kind: "ConfigMap", name: "ca" }];
    const policy = (hostname: string) => backendTls("p", ["db"], { hostname, caCertificateRefs });
    await using flow = await startEndpoints({
      a: agent("a", `tcp://127.0.0.1:${port}`, "tls://db:5432") + there + ca,
      p: policy("one.example"),
    });
    expect(await visit(port)).toBe("s");
    await apply(flow, "p", policy("two.example"));
    expect(await visit(port)).toBe("reset");
  });

  test("behind an endpoint inside hears TLS of the client's where that goes through, and of ours where it ended", async () => {
    await using backend = await startTlsBackend("s", "one");
    const [through, ended] = [freePort(), freePort()];
    await using _flow = await startEndpoints({
      db: insecure(agent("db", "tls://db.internal", upstreamAt(backend, "tls"))),
      through: cloud("through", `tls://one.example:${through}`, inline(forwardTo("tls://db.internal"))),
      ended: cloud("ended", `tls://two.example:${ended}`, inline(terminateTls("two"), forwardTo("tls://db.internal"))),
    });
    expect(await tlsVisit(through, ONE)).toBe("s");
    expect(await tlsVisit(ended, TWO)).toBe("s");
    // Nobody's bytes went there in the clear.
    expect([backend.accepted, backend.secured.length]).toEqual([2, 2]);
  });
});

test("a PROXY header tells the upstream who the client is", async () => {
  await using backend = await startBackend();
  const port = freePort();
  const upstream = { url: upstreamAt(backend), proxyProtocolVersion: "1" };
  await using _flow = await startEndpoints({ a: agent("a", `tcp://127.0.0.1:${port}`, "", { upstream }) });
  await using _client = await Peer.connect(port);
  const peer = await backend.peer();
  expect(await peer.read(40)).toStartWith("PROXY TCP4 127.0.0.1 127.0.0.1 ");
});
