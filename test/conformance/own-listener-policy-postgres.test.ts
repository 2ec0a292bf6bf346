// ListenerPolicy, which is sallyport's own: with protocol postgres clients may ask for TLS in PostgreSQL's way, and are told apart by
// the host name that they then ask for, which no route of the standard can do.

import { expect } from "bun:test";
import { gatewayText, tcpListener, tcpRouteText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import { listenerPolicyText } from "../support/conformance-policies.ts";
import {
  documents,
  expectAncestors,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  serviceText,
  sliceText,
  tlsTest,
} from "../support/conformance.ts";
import { Peer } from "../support/peer.ts";
import { startPlayedPostgres } from "../support/played-postgres.ts";
import { ask, begin, SSL_REQUEST } from "../support/postgres-client.ts";
import { beginTls } from "../support/tls-peer.ts";

const READY = "Z\0\0\0\x05I";

tlsTest("PostgreSQL clients get TLS when they ask for it, and the database of their host name", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "orders.example.org", "users.example.org", "one.example");
  await using orders = await startPlayedPostgres();
  await using users = await startPlayedPostgres();
  await using passed = await startPlayedPostgres();
  await using plain = await startPlayedPostgres();
  const services = { orders, users, passed, plain };
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(
      NAMESPACES,
      secretText(INFRA, "shown", pair),
      ...Object.entries(services).flatMap(([service, { port }]) => [
        serviceText(INFRA, service),
        sliceText({ namespace: INFRA, service, port, tlsPort: 0 }),
      ]),
    ),
    "gateway.yaml": gatewayText(
      "front",
      { host },
      tlsListener("ended", 5432, "{name: shown}", ', hostname: "*.example.org"'),
      "{name: passed, protocol: TLS, port: 5432, hostname: one.example, tls: {mode: Passthrough}}",
      tcpListener("plain", 5433),
    ),
    "routes.yaml": documents(
      ...["orders", "users"].map((name) =>
        tlsRouteText(name, {
          parents: "{name: front, sectionName: ended}",
          hostnames: `${name}.example.org`,
          backends: `{name: ${name}, port: 3000}`,
        }),
      ),
      tlsRouteText("passed", {
        parents: "{name: front, sectionName: passed}",
        hostnames: "one.example",
        backends: "{name: passed, port: 3000}",
      }),
      tcpRouteText("plain", { parents: "{name: front}", backends: "{name: plain, port: 3000}" }),
    ),
    "policy.yaml": listenerPolicyText("postgres", "Gateway front", "protocol: postgres"),
  });

  const ancestor = [`Gateway ${INFRA}/front`, "Accepted=True/Accepted"] as const;
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/postgres`, ancestor);
  for (const [name, server] of [
    ["orders.example.org", orders],
    ["users.example.org", users],
    ["one.example", passed],
  ] as const) {
    await using below = await Peer.connect({ host, port: 5432 });
    expect(await ask(below, SSL_REQUEST)).toBe("S");
    await using client = await beginTls(below, name, { rejectUnauthorized: false });
    expect(await begin(client)).toEndWith(READY);
    expect(server.starts).toHaveLength(1);
    expect(server.starts[0]).toMatchObject({ sni: server === passed ? name : null });
  }

  // Who goes on in the clear where TLS is wanted gets nobody.
  await using bold = await Peer.connect({ host, port: 5432 });
  expect(await begin(bold)).not.toContain(READY);
  expect(await bold.end()).toBeOneOf(["reset", "fin"]);
  expect([orders, users, passed].map(({ starts }) => starts.length)).toEqual([1, 1, 1]);

  // Nobody ends TLS there: the client is told so, and goes on in the clear.
  await using client = await Peer.connect({ host, port: 5433 });
  expect(await ask(client, SSL_REQUEST)).toBe("N");
  expect(await begin(client)).toEndWith(READY);
  expect(plain.starts).toHaveLength(1);
});
