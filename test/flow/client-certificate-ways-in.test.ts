// One port with several names or rules for certificates: what is closed stays closed, whatever else is open, and every way
// around it that came to mind comes to nothing.

import { describe, expect, test } from "bun:test";
import type { ConnectionOptions } from "node:tls";
import { startBackend } from "../support/backend.ts";
import { expectRefused, ONE, only, VERSIONS, wants } from "../support/certificate-visits.ts";
import { freePort } from "../support/free-port.ts";
import { shows, tlsConnect, tlsPath, tlsVisit } from "../support/tls-client.ts";
import { ends, passes, routeAt, startTlsFlow, untilNobodyIsThere } from "../support/tls-flow.ts";
import { lettered } from "../support/visit.ts";

function forWhom(name: string): Readonly<Record<string, unknown>> {
  return { match: { clientCert: { dnsNames: [`${name}.apps.example.com`] } }, ...wants() };
}

function forCommonName(name: string, allow: string): Readonly<Record<string, unknown>> {
  return { match: { clientCert: { commonNames: [name] } }, ...wants({ allow: { commonNames: [allow] } }) };
}

describe("one port", () => {
  test("sends each certificate to a database of its own, and a third one nowhere", async () => {
    await using billing = await lettered("b");
    await using reporting = await lettered("r");
    const port = freePort();
    await using flow = await startTlsFlow({
      db: routeAt(port, billing, forWhom("billing")),
      other: routeAt(port, reporting, forWhom("reporting")),
    });
    for (const version of VERSIONS) {
      expect(await tlsVisit(port, { ...ONE, ...shows("client"), ...only(version) })).toBe("b");
      expect(await tlsVisit(port, { ...ONE, ...shows("reporting"), ...only(version) })).toBe("r");
      const unknown = { reason: "denied-certificate", route: "" };
      await expectRefused(flow, billing, { ...ONE, ...shows("revoked"), ...only(version) }, unknown);
      await expectRefused(flow, billing, { ...ONE, ...shows("wildcard"), ...only(version) }, unknown);
      const bad = { reason: "client-cert-invalid", route: "" };
      await expectRefused(flow, billing, { ...ONE, ...shows("expired"), ...only(version) }, bad);
      await expectRefused(flow, billing, { ...ONE, ...only(version) }, bad);
    }
    expect(billing.peers).toHaveLength(2);
    expect(reporting.peers).toHaveLength(2);
  });

  test("a certificate that fits only the other route's rule does not open this one's list", async () => {
    await using billing = await lettered("b");
    await using reporting = await lettered("r");
    const port = freePort();
    await using flow = await startTlsFlow({
      db: routeAt(port, billing, forCommonName("billing", "nobody")),
      other: routeAt(port, reporting, forCommonName("reporting", "reporting")),
    });
    await expectRefused(flow, billing, { ...ONE, ...shows("client") }, { reason: "denied-certificate", route: "db" });
    expect(await tlsVisit(port, { ...ONE, ...shows("reporting") })).toBe("r");
    expect(reporting.peers).toHaveLength(1);
  });

  test("with an open name and a closed one: neither the open name nor none is a way into the closed one", async () => {
    await using closed = await lettered("c");
    await using open = await lettered("o");
    const port = freePort();
    await using flow = await startTlsFlow({
      db: routeAt(port, closed, wants({}, { hostnames: ["one.example"] })),
      open: routeAt(port, open, ends("two", { hostnames: ["two.example"] })),
    });
    expect(await tlsVisit(port, { servername: "two.example" })).toBe("o");
    // Talks as if it were the closed one: the name of the handshake counts.
    await using client = await tlsConnect(port, { servername: "two.example" });
    await client.read(1);
    await client.send("GET / HTTP/1.1\r\nHost: one.example\r\n\r\n");
    await client.until(() => client.text.endsWith("\r\n\r\n"));
    expect(client.text).toStartWith("oGET");
    client.reset();
    const wanted = { reason: "client-cert-invalid", route: "db", tls: "TLSv1.3" };
    await untilNobodyIsThere(flow);
    await expectRefused(flow, closed, ONE, wanted);
    expect(await tlsVisit(port)).toBe("reset");
    expect(flow.log.records.at(-1)?.reason).toBe("no-route");
    expect(closed.peers).toEqual([]);
  });

  test.each(VERSIONS)("a session of the open name does not open the closed one: %s", async (version) => {
    await using closed = await lettered("c");
    await using open = await lettered("o");
    const port = freePort();
    await using flow = await startTlsFlow({
      // The same certificate and key, so that nothing but the names differs.
      db: routeAt(port, closed, wants({}, { hostnames: ["one.example"] })),
      open: routeAt(port, open, ends("one", { hostnames: ["two.example"] })),
    });
    const session = await sessionOf(port, { ...only(version), servername: "two.example", rejectUnauthorized: false });
    expect(session).toBeDefined();
    const wanted = { reason: "client-cert-invalid", route: "db", detail: "No certificate" };
    await expectRefused(
      flow,
      closed,
      { ...ONE, ...only(version), ...(session === undefined ? {} : { session }) },
      wanted,
    );
  });

  test.each(VERSIONS)(
    "a session with a certificate is not resumed, neither before nor after it is revoked: %s",
    async (version) => {
      await using backend = await lettered("b");
      const route = (crl: string) => routeAt(port, backend, wants({ crl: tlsPath(`clients/${crl}.crl`) }));
      const port = freePort();
      await using flow = await startTlsFlow({ db: route("none") });
      const options = { ...ONE, ...shows("revoked"), ...only(version) };
      const session = await sessionOf(port, options);
      const again = { ...options, ...(session === undefined ? {} : { session }) };
      await using client = await tlsConnect(port, again);
      expect(client.socket.isSessionReused()).toBe(false);
      expect(await client.read(1)).toBe("b");
      client.reset();
      await untilNobodyIsThere(flow);
      await flow.write("db.yaml", JSON.stringify(route("revoked")));
      await flow.reload();
      await expectRefused(flow, backend, again, { reason: "client-cert-invalid", detail: "CERT_REVOKED" });
      // Nor without showing it again.
      const bare = { ...ONE, ...only(version), ...(session === undefined ? {} : { session }) };
      await expectRefused(flow, backend, bare, { reason: "client-cert-invalid", detail: "No certificate" });
    },
  );

  test("with a name that goes through and one that wants certificates: the first one's backend judges for itself", async () => {
    await using closed = await lettered("c");
    await using through = await startBackend();
    const port = freePort();
    await using flow = await startTlsFlow({
      db: routeAt(port, closed, wants({}, { hostnames: ["one.example"] })),
      through: routeAt(port, through, passes("two.example")),
    });
    const wanted = { reason: "client-cert-invalid", route: "db" };
    await expectRefused(flow, closed, ONE, wanted);
    expect(through.peers).toEqual([]);
  });
});

/** A session that the server gave out, `undefined` when it gave none. */
async function sessionOf(port: number, options: ConnectionOptions): Promise<Buffer | undefined> {
  await using client = await tlsConnect(port, options);
  const sessions: Buffer[] = [];
  client.socket.on("session", (session: Buffer) => sessions.push(session));
  // Tickets of TLS 1.3 come before the first byte.
  await client.read(1);
  const session = sessions.at(-1) ?? client.socket.getSession();
  client.finish();
  await client.end();
  return session;
}
