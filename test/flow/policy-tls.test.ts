// What policies know of TLS, over real handshakes: what was agreed on, what both sides have shown, and what kind of client it is.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";

import { type Backend, speaksFirst, startBackend } from "../support/backend.ts";
import { ONE, wants } from "../support/certificate-visits.ts";
import { eventually } from "../support/eventually.ts";
import type { FlowGateway } from "../support/flow.ts";
import { buildHello, serverName } from "../support/hello-builder.ts";
import { Peer } from "../support/peer.ts";
import { recordedHello } from "../support/recorded-hello.ts";
import { shows, tlsConnect, tlsPath, tlsPem, tlsVisit } from "../support/tls-client.ts";
import { ends, passes, routeAt, startTlsFlow } from "../support/tls-flow.ts";

/** Denies clients for whom this holds. */
function denies(expression: string) {
  return { policy: { on_tcp_connect: [{ name: "no", expressions: [expression], actions: [{ type: "deny" }] }] } };
}

/** Says these things of each client, and denies nobody. */
function tells(metadata: Readonly<Record<string, string>>) {
  const written = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, `\${${value}}`]));
  return { policy: { on_tcp_connect: [{ actions: [{ type: "log", config: { metadata: written } }] }] } };
}

/** What was told of the visit number `index`. */
async function told(flow: FlowGateway, index = 0): Promise<unknown> {
  return (await flow.log.record(index)).policy?.logs[0];
}

async function greets(): Promise<Backend> {
  return startBackend(speaksFirst("x"));
}

const CLIENT = new X509Certificate(tlsPem("client.pem"));
const CLIENT_DNS = "billing.apps.example.com";

describe("a policy behind mutual TLS", () => {
  test.each([
    ["its common name", "conn.tls.client.subject.common_name == 'billing'"],
    ["its subject as a text", "conn.tls.client.subject == 'O=Example,CN=billing'"],
    ["its organization", "'Example' in conn.tls.client.subject.organization"],
    ["a name of its certificate", `conn.tls.client.san.dns_names.exists(name, name.endsWith('.apps.example.com'))`],
    ["all names in one text", `conn.tls.client.san == 'DNS:${CLIENT_DNS}, URI:spiffe://example/billing'`],
    ["who has issued it", "conn.tls.client.issuer == 'CN=sallyport test CA'"],
    ["its serial number", `conn.tls.client.serial_number == '${CLIENT.serialNumber.toLowerCase()}'`],
    ["how it is signed", "conn.tls.client.signature_algorithm == 'ECDSA-SHA256'"],
    ["when it ends", `conn.tls.client.validity.not_after == timestamp('${new Date(CLIENT.validTo).toISOString()}')`],
    ["when it begins", "conn.tls.client.validity.not_before > timestamp('2026-01-01T00:00:00Z')"],
    ["an extension", "conn.tls.client.extensions.exists(e, e.id == '2.5.29.17' && !e.critical && size(e.value) > 20)"],
    ["its PEM", "conn.tls.client.pem.endsWith('-----END CERTIFICATE-----')"],
    ["that there is one", "has(conn.tls.client)"],
  ])("tells clients apart by %s", async (_what, expression) => {
    await using backend = await greets();
    const route = routeAt(0, backend, { ...wants({ mode: "request" }), ...denies(expression) });
    await using flow = await startTlsFlow({ db: route });
    const port = await flow.port("db");
    // Who shows none is let in by the route, and nothing that is said of certificates holds for it.
    expect(await tlsVisit(port, ONE)).toBe("x");
    expect(await tlsVisit(port, { ...ONE, ...shows("client") })).toBe("reset");
    await eventually(() => flow.log.records.length === 2);
    expect(flow.log.records[1]).toMatchObject({ reason: "denied-policy", detail: 'Rule "no"', clientCert: "billing" });
    expect(backend.peers).toHaveLength(1);
  });

  test("lets another certificate in", async () => {
    await using backend = await greets();
    const by = "conn.tls.client.subject.common_name == 'billing'";
    await using flow = await startTlsFlow({ db: routeAt(0, backend, { ...wants(), ...denies(by) }) });
    expect(await tlsVisit(await flow.port("db"), { ...ONE, ...shows("reporting") })).toBe("x");
  });

  test("refuses a client whose names cannot be read, when it asks for them and not before", async () => {
    await using backend = await greets();
    const names = denies("conn.tls.client.subject.common_name == 'somebody'");
    await using flow = await startTlsFlow({
      asks: routeAt(0, backend, { ...wants(), ...names }),
      other: routeAt(0, backend, { ...wants(), ...denies("conn.tls.version == '1.1'") }),
    });
    expect(await tlsVisit(await flow.port("other"), { ...ONE, ...shows("nul") })).toBe("x");
    expect(await tlsVisit(await flow.port("asks"), { ...ONE, ...shows("nul") })).toBe("reset");
    await eventually(() => flow.log.records.length === 2);
    expect(flow.log.records[1]).toMatchObject({
      reason: "denied-policy",
      detail: 'Rule "no" failed: The client\'s certificate has names that cannot be read',
    });
  });
});

describe("a policy where TLS ends", () => {
  test.each([
    ["TLSv1.2", "1.2"],
    ["TLSv1.3", "1.3"],
  ] as const)("knows name, protocol, version and cipher suite: %s", async (version, short) => {
    await using backend = await greets();
    const asks = {
      name: "conn.tls.sni",
      alpn: "conn.tls.negotiated_alpn",
      version: "conn.tls.version",
      suite: "conn.tls.cipher_suite",
      resumed: "conn.tls.session_resumed",
      client: "has(conn.tls.client)",
    };
    const route = routeAt(0, backend, { ...ends("one", { alpn: ["pg", "h2"] }), ...tells(asks) });
    await using flow = await startTlsFlow({ db: route });
    let suite: string;
    {
      const more = { minVersion: version, maxVersion: version, ALPNProtocols: ["h2", "pg"] };
      await using client = await tlsConnect(await flow.port("db"), { ...ONE, ...more });
      await client.read(1);
      suite = client.socket.getCipher().standardName;
    }
    expect(suite).toStartWith("TLS_");
    expect(await told(flow)).toEqual({
      name: "one.example",
      alpn: "pg",
      version: short,
      suite,
      resumed: false,
      client: false,
    });
  });

  test("knows a client that comes back with its session", async () => {
    await using backend = await greets();
    const route = routeAt(0, backend, { ...ends("one"), ...tells({ resumed: "conn.tls.session_resumed" }) });
    await using flow = await startTlsFlow({ db: route });
    const port = await flow.port("db");
    const only = { ...ONE, maxVersion: "TLSv1.2" } as const;
    let session: Buffer | undefined;
    let reused: boolean;
    {
      await using client = await tlsConnect(port, only);
      await client.read(1);
      session = client.socket.getSession();
    }
    {
      await using client = await tlsConnect(port, { ...only, session });
      await client.read(1);
      reused = client.socket.isSessionReused();
    }
    expect(reused).toBe(true);
    expect([await told(flow, 0), await told(flow, 1)]).toEqual([{ resumed: false }, { resumed: true }]);
  });

  test("knows the certificate that the gateway has shown", async () => {
    await using backend = await greets();
    const asks = {
      subject: "conn.tls.server.subject",
      names: "conn.tls.server.san.dns_names",
      serial: "conn.tls.server.serial_number",
      pem: "conn.tls.server.pem",
    };
    const route = routeAt(0, backend, { ...ends("one"), ...tells(asks) });
    await using flow = await startTlsFlow({ db: route });
    expect(await tlsVisit(await flow.port("db"), ONE)).toBe("x");
    const own = new X509Certificate(readFileSync(tlsPath("one.pem"), "utf8"));
    expect(await told(flow)).toEqual({
      subject: own.subject,
      names: ["one.example"],
      serial: own.serialNumber.toLowerCase(),
      pem: own.toString().trimEnd(),
    });
  });

  test("knows the fingerprint of the client's hello", async () => {
    await using backend = await greets();
    const route = routeAt(0, backend, { ...ends("one"), ...tells({ ja4: "conn.tls.ja4_fingerprint" }) });
    await using flow = await startTlsFlow({ db: route });
    expect(await tlsVisit(await flow.port("db"), ONE)).toBe("x");
    expect(await told(flow)).toEqual({ ja4: expect.stringMatching(/^t13d\d{4}00_[0-9a-f]{12}_[0-9a-f]{12}$/) });
  });
});

describe("a policy where TLS goes through", () => {
  test("tells kinds of clients apart by the fingerprints of their hellos, however they are cut", async () => {
    await using backend = await startBackend(speaksFirst("x"));
    const chromium = "conn.tls.ja4_fingerprint == 't13d1517h2_8daaf6152771_cb7bf5808d99'";
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, { ...passes("*.example.com"), ...denies(chromium) }),
    });
    const port = await flow.port("db");
    for (const [name, wanted] of [
      ["chromium", "reset"],
      ["curl", "x"],
    ] as const) {
      const hello = recordedHello(name);
      await using client = await Peer.connect(port);
      await client.send(hello.subarray(0, 100));
      await client.send(hello.subarray(100));
      await client.until(() => client.received > 0 || client.ending !== undefined);
      expect([name, client.received > 0 ? client.text.charAt(0) : client.ending]).toEqual([name, wanted]);
    }
    expect(backend.peers).toHaveLength(1);
  });

  test("knows the name, and nothing of what only both ends know", async () => {
    await using backend = await greets();
    const asks = {
      name: "conn.tls.sni",
      version: "conn.tls.version",
      suite: "conn.tls.cipher_suite",
      client: "has(conn.tls.client)",
      server: "has(conn.tls.server)",
    };
    await using flow = await startTlsFlow({ db: routeAt(0, backend, { ...passes("*.example"), ...tells(asks) }) });
    {
      await using client = await Peer.connect(await flow.port("db"));
      await client.send(buildHello({ extensions: [serverName("one.example")] }));
      expect(await client.read(1)).toStartWith("x");
    }
    expect(await told(flow)).toEqual({ name: "one.example", version: "", suite: "", client: false, server: false });
  });
});

test("without TLS there is no conn.tls, and all of it is empty", async () => {
  await using backend = await greets();
  const asks = { tls: "has(conn.tls)", ja4: "conn.tls.ja4_fingerprint", name: "conn.tls.client.subject.common_name" };
  await using flow = await startTlsFlow({ db: routeAt(0, backend, tells(asks)) });
  {
    await using client = await Peer.connect(await flow.port("db"));
    expect(await client.read(1)).toBe("x");
  }
  expect(await told(flow)).toEqual({ tls: false, ja4: "", name: "" });
});
