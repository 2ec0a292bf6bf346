// Who may reach what by client certificate, and every way around it that came to mind: each is refused for the right
// reason, and no backend ever hears of it.

import { describe, expect, test } from "bun:test";
import { createHash, X509Certificate } from "node:crypto";
import { expectRefused, ONE, only, VERSIONS, wants } from "../support/certificate-visits.ts";
import { Peer } from "../support/peer.ts";
import { shows, tlsConnect, tlsPath, tlsPem, tlsVisit } from "../support/tls-client.ts";
import { routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

describe("a route that requires a certificate", () => {
  test.each(VERSIONS)("lets in who has a good one, and says who that was: %s", async (version) => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, wants()) });
    await using client = await tlsConnect(await flow.port("db"), { ...ONE, ...shows("client"), ...only(version) });
    expect(await client.read(1)).toBe("b");
    expect(await flow.view.connections({}, undefined, 1)).toMatchObject([{ clientCert: "billing", tls: version }]);
    client.finish();
    expect(await client.end()).toBe("fin");
    const wanted = { reason: "done", route: "db", tls: version, clientCert: "billing", sni: "one.example" };
    expect(await flow.log.record()).toMatchObject(wanted);
  });

  const WRONG: readonly [name: string, detail: string][] = [
    ["expired", "CERT_HAS_EXPIRED"],
    ["not-yet-valid", "CERT_NOT_YET_VALID"],
    ["wrong-authority", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"],
    ["self-signed", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["by-client", "INVALID_PURPOSE"],
    ["authority", "The certificate is one of an authority, not of a client"],
    ["server-only", "INVALID_PURPOSE"],
    ["sha1", "The certificate is signed with SHA-1"],
    ["rsa1024", "The key has 1024 bits"],
  ];
  for (const version of VERSIONS) {
    test.each(WRONG)(`refuses one that is %s: ${version}`, async (name, detail) => {
      await using backend = await lettered("b");
      await using flow = await startTlsFlow({ db: routeAt(0, backend, wants()) });
      const options = { ...ONE, ...shows(name), ...only(version) };
      await expectRefused(flow, backend, options, { reason: "client-cert-invalid", route: "db", detail });
    });

    test(`refuses who shows none, whatever name is asked for: ${version}`, async () => {
      await using backend = await lettered("b");
      await using flow = await startTlsFlow({ db: routeAt(0, backend, wants()) });
      const wanted = { reason: "client-cert-invalid", route: "db", detail: "No certificate" };
      for (const name of [{}, ONE, { servername: "two.example", rejectUnauthorized: false }]) {
        await expectRefused(flow, backend, { ...name, ...only(version) }, wanted);
      }
    });

    test(`refuses a stranger whose certificate says the same: ${version}`, async () => {
      await using backend = await lettered("b");
      await using flow = await startTlsFlow({ db: routeAt(0, backend, wants()) });
      const stranger = { cert: tlsPem("stranger.pem"), key: tlsPem("stranger.key") };
      const wanted = { reason: "client-cert-invalid", route: "db", detail: "DEPTH_ZERO_SELF_SIGNED_CERT" };
      await expectRefused(flow, backend, { ...ONE, ...stranger, ...only(version) }, wanted);
    });

    test(`refuses one that was revoked, and lets in the others: ${version}`, async () => {
      await using backend = await lettered("b");
      await using flow = await startTlsFlow({
        db: routeAt(0, backend, wants({ crl: tlsPath("clients/revoked.crl") })),
      });
      const wanted = { reason: "client-cert-invalid", route: "db", detail: "CERT_REVOKED" };
      await expectRefused(flow, backend, { ...ONE, ...shows("revoked"), ...only(version) }, wanted);
      expect(await tlsVisit(await flow.port("db"), { ...ONE, ...shows("client"), ...only(version) })).toBe("b");
    });
  }

  test("refuses a plain client, and one that comes with a PROXY header that nobody asked for", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, wants()) });
    const port = await flow.port("db");
    for (const text of ["hello", "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", `\x16\x03${"\0".repeat(40)}`]) {
      await using client = await Peer.connect(port);
      await client.send(Buffer.from(text, "latin1"));
      expect(await client.end()).toBe("reset");
    }
    await flow.log.record(2);
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["no-route", "no-route", "hello-malformed"]);
    expect(backend.peers).toEqual([]);
  });

  test("keeps the limits of clients that were refused for others", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, { ...wants(), limits: { connections: 1, perSource: 1 } }),
    });
    const port = await flow.port("db");
    for (let round = 0; round < 100; round++)
      await tlsVisit(port, round % 2 === 0 ? ONE : { ...ONE, ...shows("expired") });
    await untilNobodyIsThere(flow);
    expect(await tlsVisit(port, { ...ONE, ...shows("client") })).toBe("b");
    await untilNobodyIsThere(flow);
    const [route] = (await flow.view.engine()).routes;
    expect(route?.connectionsTotal).toEqual({ done: 1, "client-cert-invalid": 100 });
    expect(route).toMatchObject({ connectionsActive: 0, limited: {} });
    expect(backend.peers).toHaveLength(1);
  });

  test("looks at the address before it pays for a handshake", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, { ...wants(), deny: ["127.0.0.0/8"] }) });
    expect(await tlsVisit(await flow.port("db"), { ...ONE, ...shows("client") })).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "denied-address", tls: undefined, clientCert: undefined });
    expect(backend.peers).toEqual([]);
  });
});

describe("a route that requests a certificate", () => {
  test.each(VERSIONS)("lets in who has none and who has a good one, but nobody with a bad one: %s", async (version) => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, wants({ mode: "request" })) });
    const port = await flow.port("db");
    expect(await tlsVisit(port, { ...ONE, ...only(version) })).toBe("b");
    expect(await tlsVisit(port, { ...ONE, ...shows("client"), ...only(version) })).toBe("b");
    await flow.log.record(1);
    expect(flow.log.records.map(({ clientCert }) => clientCert)).toEqual([undefined, "billing"]);
    for (const name of ["expired", "wrong-authority", "authority", "server-only"]) {
      const options = { ...ONE, ...shows(name), ...only(version) };
      await expectRefused(flow, backend, options, { reason: "client-cert-invalid", clientCert: undefined });
    }
  });

  test("with a list lets in nobody who has none", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, wants({ mode: "request", allow: { commonNames: ["billing"] } })),
    });
    await expectRefused(flow, backend, ONE, { reason: "denied-certificate", route: "db" });
    expect(await tlsVisit(await flow.port("db"), { ...ONE, ...shows("client") })).toBe("b");
  });
});

describe("a list of those who may", () => {
  const der = new X509Certificate(tlsPem("client.pem")).raw;
  const fingerprint = createHash("sha256").update(der).digest("hex");
  const LISTS: readonly [allow: Readonly<Record<string, readonly string[]>>, who: readonly string[]][] = [
    [{ dnsNames: ["billing.apps.example.com"] }, ["client"]],
    [{ dnsNames: ["*.apps.example.com"] }, ["client", "reporting", "wildcard"]],
    [{ uris: ["spiffe://example/billing"] }, ["client"]],
    [{ uris: ["spiffe://example/*"] }, ["client", "reporting"]],
    [{ emails: ["reports@example.com"] }, ["reporting"]],
    [{ emails: ["*@example.com"] }, ["reporting"]],
    [{ commonNames: ["billing"] }, ["client", "revoked"]],
    [{ organizations: ["Example"] }, ["client", "reporting", "revoked"]],
    [{ fingerprints: [fingerprint] }, ["client"]],
    [{ dnsNames: ["reporting.apps.example.com"], commonNames: ["billing"] }, []],
  ];
  test.each(LISTS)("%j lets in %j and nobody else", async (allow, who) => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, wants({ allow })) });
    const port = await flow.port("db");
    // Certificates that only look like the ones that are meant: a wildcard, a NUL in a name, a name where it counts for
    // nothing, a line feed.
    for (const name of ["client", "reporting", "revoked", "wildcard", "nul", "common-name", "line-feed"]) {
      const options = { ...ONE, ...shows(name) };
      if (who.includes(name)) expect([name, await tlsVisit(port, options)]).toEqual([name, "b"]);
      else await expectRefused(flow, backend, options, { reason: "denied-certificate", route: "db" });
    }
  });

  test("a name with a line feed is no name, and not in the log either", async () => {
    await using backend = await lettered("b");
    await using flow = await startTlsFlow({ db: routeAt(0, backend, wants()) });
    expect(await tlsVisit(await flow.port("db"), { ...ONE, ...shows("line-feed") })).toBe("b");
    const [{ clientCert }] = [await flow.log.record()];
    expect(clientCert).toMatch(/^sha256:[0-9a-f]{64}$/);
  });
});
