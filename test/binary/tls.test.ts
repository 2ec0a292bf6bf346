// The executable ends TLS, tells names apart and looks at client certificates, on its own and from files alone.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type BinaryBench, shippedBinary } from "../support/binary.ts";
import { freePort } from "../support/free-port.ts";
import { shows, tlsPath, tlsVisit } from "../support/tls-client.ts";
import { ends, passes, routeAt } from "../support/tls-flow.ts";
import { startTlsBackend } from "../support/tls-backend.ts";
import { lettered } from "../support/visit.ts";

let bench: BinaryBench;

beforeAll(async () => {
  bench = await shippedBinary();
});

afterAll(async () => {
  await bench[Symbol.asyncDispose]();
});

describe("the executable", () => {
  test("sends names and certificates on one port to backends of their own, and speaks TLS to one of them", async () => {
    await using billing = await lettered("b");
    await using reporting = await startTlsBackend("r");
    await using through = await startTlsBackend("t", "two");
    const port = freePort();
    const clientAuth = { ca: tlsPath("ca.pem"), mode: "require", crl: tlsPath("clients/revoked.crl") };
    const forWhom = (name: string) => ({
      match: { clientCert: { commonNames: [name] } },
      ...ends("one", { hostnames: ["one.example"], clientAuth }),
    });
    const place = await bench.place();
    await place.write("billing.yaml", routeAt(port, billing, forWhom("billing")));
    const upstreamTls = { ca: tlsPath("ca.pem"), serverName: "one.example" };
    await place.write("reporting.yaml", routeAt(port, reporting, { ...forWhom("reporting"), upstreamTls }));
    await place.write("through.yaml", routeAt(port, through, passes("two.example")));
    await using gateway = await place.start(["--routes", "routes"]);
    const one = { servername: "one.example" };
    expect(await tlsVisit(port, { ...one, ...shows("client") })).toBe("b");
    expect(await tlsVisit(port, { ...one, ...shows("reporting") })).toBe("r");
    expect(await tlsVisit(port, { servername: "two.example" })).toBe("t");
    for (const shown of [{}, shows("revoked"), shows("expired"), shows("wildcard")]) {
      expect(await tlsVisit(port, { ...one, ...shown })).not.toHaveLength(1);
    }
    expect(await tlsVisit(port)).toBe("reset");
    await gateway.logged("connection", 8);
    const records = gateway.log.filter(({ event }) => event === "connection");
    expect(records.map(({ reason }) => reason).toSorted()).toEqual([
      "client-cert-invalid",
      "client-cert-invalid",
      "client-cert-invalid",
      "denied-certificate",
      "done",
      "done",
      "done",
      "no-route",
    ]);
    expect(records.find(({ route }) => route === "reporting")).toMatchObject({
      sni: "one.example",
      tls: "TLSv1.3",
      clientCert: "reporting",
      reason: "done",
    });
    expect([billing.peers.length, reporting.accepted]).toEqual([1, 1]);
  }, 30_000);
});
