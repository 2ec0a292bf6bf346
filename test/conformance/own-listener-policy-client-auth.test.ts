// ListenerPolicy, which is sallyport's own: certificates that a listener wants of its clients, instead of those that its Gateway wants.
// What it wants of a listener that cannot ask closes that listener.

import { expect } from "bun:test";
import { authorityText, clientPair, expectService, sessionOf, VERSIONS } from "../support/client-certificate-scene.ts";
import {
  GOOD_LISTENER,
  gatewayText,
  tcpListener,
  tcpRouteText,
  tlsListener,
  tlsRouteText,
} from "../support/conformance-manifests.ts";
import { caReference, listenerPolicyText } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  documents,
  expectAncestors,
  expectListeners,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  serviceFor,
  startEchoServer,
  startEchoServers,
  tlsTest,
  visitTcp,
} from "../support/conformance.ts";

const ANCESTOR = `Gateway ${INFRA}/front`;

/** `clientAuth` with an authority in the policy itself. */
function clientAuth(pem: string, more = ""): string {
  return `clientAuth: {ca: ${JSON.stringify(pem)}${more}}`;
}

tlsTest("listeners on one port want certificates of their own, and none opens another's", async () => {
  await using one = await makeAuthority();
  await using two = await makeAuthority();
  await using frontend = await makeAuthority();
  const [ofOne, ofTwo, ofFrontend, other] = await Promise.all([
    clientPair(one, "billing"),
    clientPair(two, "billing"),
    clientPair(frontend, "billing"),
    clientPair(one, "reporting"),
  ]);
  const names = ["one.example.org", "two.example.org", "all.example.org"] as const;
  const pair = await serverPair(one, ...names);
  await using backends = await startEchoServers(["one", "two", "all"], { namespace: INFRA });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(
      NAMESPACES,
      backends.manifests,
      secretText(INFRA, "shown", pair),
      authorityText("frontend-ca", await authorityPem(frontend)),
    ),
    "gateway.yaml": gatewayText(
      "front",
      {
        host,
        more: `  tls: {frontend: {default: {validation: {caCertificateRefs: [${caReference("frontend-ca")}]}}}}\n`,
      },
      ...["one", "two", "all"].map((name) =>
        tlsListener(name, 8443, "{name: shown}", `, hostname: ${name}.example.org`),
      ),
    ),
    "routes.yaml": documents(
      ...["one", "two", "all"].map((name) =>
        tlsRouteText(name, {
          parents: `{name: front, sectionName: ${name}}`,
          hostnames: `${name}.example.org`,
          backends: `{name: ${name}, port: 3000}`,
        }),
      ),
    ),
    "policies.yaml": documents(
      listenerPolicyText(
        "one",
        "Gateway front#one",
        clientAuth(await authorityPem(one), ", allow: {dnsNames: [billing.example.com]}"),
      ),
      listenerPolicyText("two", "Gateway front#two", clientAuth(await authorityPem(two))),
    ),
  });

  for (const name of ["one", "two"]) {
    await expectAncestors(gateway, `ListenerPolicy ${INFRA}/${name}`, [ANCESTOR, "Accepted=True/Accepted"]);
  }
  const place = { host, port: 8443 };
  for (const [service, good] of [
    ["one", ofOne],
    ["two", ofTwo],
    ["all", ofFrontend],
  ] as const) {
    for (const shown of [ofOne, ofTwo, ofFrontend, other, undefined]) {
      await expectService(place, `${service}.example.org`, shown, shown === good ? service : AWAY);
    }
    await expectService(place, undefined, good, AWAY);
    for (const maxVersion of VERSIONS) {
      const session = await sessionOf(place, { servername: `${service}.example.org`, maxVersion, ...good });
      const again = session === undefined ? {} : { session };
      for (const servername of names) {
        expect(await serviceFor(place, { servername, maxVersion, ...again })).toBe(AWAY);
      }
    }
  }
});

tlsTest("a policy that wants certificates closes listeners that do not end TLS, and only those", async () => {
  await using authority = await makeAuthority();
  const client = await clientPair(authority, "client");
  const pair = await serverPair(authority, "one.example.org");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls: pair });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(NAMESPACES, backend.manifests, secretText(INFRA, "shown", pair)),
    "gateway.yaml": gatewayText(
      "front",
      { host },
      tlsListener("ending", 8443, "{name: shown}"),
      "{name: passing, protocol: TLS, port: 8444, tls: {mode: Passthrough}}",
      tcpListener("tcp", 9300),
    ),
    "routes.yaml": documents(
      tlsRouteText("ended", {
        parents: "{name: front, sectionName: ending}",
        hostnames: "one.example.org",
        backends: "{name: tcp-backend, port: 3000}",
      }),
      tlsRouteText("passed", {
        parents: "{name: front, sectionName: passing}",
        hostnames: "one.example.org",
        backends: "{name: tcp-backend, port: 8443}",
      }),
      tcpRouteText("raw", { parents: "{name: front}", backends: "{name: tcp-backend, port: 3000}" }),
    ),
    "policy.yaml": listenerPolicyText("whole", "Gateway front", clientAuth(await authorityPem(authority))),
  });

  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/whole`, [ANCESTOR, "Accepted=False/Invalid"]);
  await expectService({ host, port: 8443 }, "one.example.org", client, "tcp-backend");
  await expectService({ host, port: 8443 }, "one.example.org", undefined, AWAY);
  const { accepted } = backend;
  await expectService({ host, port: 8444 }, "one.example.org", client, AWAY);
  expect(await visitTcp({ host, port: 9300 })).toBe("reset");
  expect(backend.accepted).toBe(accepted);

  await gateway.apply(
    "policy.yaml",
    listenerPolicyText("whole", "Gateway front#ending", clientAuth(await authorityPem(authority))),
  );
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/whole`, [ANCESTOR, "Accepted=True/Accepted"]);
  const wish = { kinds: [], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, ANCESTOR, {
    ending: { ...wish, kinds: ["TLSRoute"] },
    passing: { ...wish, kinds: ["TLSRoute"] },
    tcp: { ...wish, kinds: ["TCPRoute"] },
  });
  await expectService({ host, port: 8444 }, "one.example.org", undefined, "tcp-backend");
  expect(await visitTcp({ host, port: 9300 })).toBe("tcp-backend");
  await expectService({ host, port: 8443 }, "one.example.org", undefined, AWAY);
});
