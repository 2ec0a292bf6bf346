// Upstream's GatewayFrontendClientCertificateValidation. The standard has it for HTTPS; that it holds for TLS listeners is sallyport's
// extension. The authorities of a port are those that are named for it, else the Gateway's; nobody else's certificate is a way in, and
// neither is a session.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import { caReference, listenerSetText } from "../support/conformance-policies.ts";
import { authorityText, clientPair, expectService, sessionOf, VERSIONS } from "../support/client-certificate-scene.ts";
import {
  authorityPem,
  AWAY,
  documents,
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
  tlsTest,
} from "../support/conformance.ts";

const FRONTEND = `  allowedListeners: {namespaces: {from: Same}}
  tls:
    frontend:
      default: {validation: {caCertificateRefs: [${caReference("default-ca")}]}}
      perPort:
        - {port: 8444, tls: {validation: {caCertificateRefs: [${caReference("port-ca")}]}}}
        - {port: 8445, tls: {}}
`;

tlsTest("each port wants certificates of its own authorities, in both versions of TLS", async () => {
  await using own = await makeAuthority();
  await using stranger = await makeAuthority();
  await using perPort = await makeAuthority();
  const [byDefault, byPort, byStranger] = await Promise.all([
    clientPair(own, "by-default"),
    clientPair(perPort, "by-port"),
    clientPair(stranger, "by-stranger"),
  ]);
  const pair = await serverPair(own, "example.org", "second.example.org");
  await using backend = await startEchoServer({ namespace: INFRA, service: "first" });
  await using second = await startEchoServer({ namespace: INFRA, service: "second" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(NAMESPACES, backend.manifests, second.manifests, secretText(INFRA, "shown", pair)),
    "default-ca.yaml": authorityText("default-ca", await authorityPem(own)),
    "port-ca.yaml": authorityText("port-ca", await authorityPem(perPort)),
    "gateway.yaml": documents(
      gatewayText(
        "front",
        { host, more: FRONTEND },
        tlsListener("tls", 8443, "{name: shown}"),
        tlsListener("named", 8444, "{name: shown}", ", hostname: second.example.org"),
        tlsListener("open", 8445, "{name: shown}"),
      ),
      listenerSetText("sets", { gateway: "front" }, tlsListener("added", 8446, "{name: shown}")),
    ),
    "routes.yaml": documents(
      tlsRouteText("first", {
        parents: "{name: front}, {kind: ListenerSet, name: sets}",
        hostnames: "example.org",
        backends: "{name: first, port: 3000}",
      }),
      tlsRouteText("second", {
        parents: "{name: front, sectionName: named}",
        hostnames: "second.example.org",
        backends: "{name: second, port: 3000}",
      }),
    ),
  });

  const wish = { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { tls: wish, named: wish, open: wish });
  await expectListeners(gateway, `ListenerSet ${INFRA}/sets`, { added: wish });
  const at = (port: number) => ({ host, port });

  for (const port of [8443, 8446]) {
    await expectService(at(port), "example.org", byDefault, "first");
    await expectService(at(port), "example.org", byPort, AWAY);
    await expectService(at(port), "example.org", byStranger, AWAY);
    await expectService(at(port), "example.org", undefined, AWAY);
    // Made for servers, although by the right authority.
    await expectService(at(port), "example.org", pair, AWAY);
    await expectService(at(port), undefined, byDefault, AWAY);
    // The name of the other port's listener opens nothing here, whatever is shown.
    await expectService(at(port), "second.example.org", byDefault, AWAY);
    await expectService(at(port), "second.example.org", byPort, AWAY);
  }
  await expectService(at(8444), "second.example.org", byPort, "second");
  await expectService(at(8444), "second.example.org", byDefault, AWAY);
  await expectService(at(8444), "second.example.org", byStranger, AWAY);
  await expectService(at(8444), "second.example.org", undefined, AWAY);
  await expectService(at(8444), "example.org", byPort, AWAY);
  await expectService(at(8444), undefined, byPort, AWAY);
  // A port that is named has what is said of it, even when that is nothing.
  await expectService(at(8445), "example.org", undefined, "first");
  await expectService(at(8445), "example.org", byStranger, "first");

  const before = [backend.accepted, second.accepted];
  for (const maxVersion of VERSIONS) {
    const sessions = [
      await sessionOf(at(8445), { servername: "example.org", maxVersion }),
      await sessionOf(at(8443), { servername: "example.org", maxVersion, ...byDefault }),
      await sessionOf(at(8444), { servername: "second.example.org", maxVersion, ...byPort }),
    ].flatMap((session) => (session === undefined ? [] : [{ session }]));
    for (const [port, servername] of [
      [8443, "example.org"],
      [8446, "example.org"],
      [8444, "second.example.org"],
    ] as const) {
      for (const each of sessions) {
        expect(await serviceFor(at(port), { servername, maxVersion, ...each })).toBe(AWAY);
        expect(await serviceFor(at(port), { servername, maxVersion, ...each, ...byStranger })).toBe(AWAY);
      }
    }
  }
  expect([backend.accepted, second.accepted]).toEqual([(before[0] ?? 0) + 4, (before[1] ?? 0) + 2]);

  // Other authorities count for the next client.
  await gateway.apply("default-ca.yaml", authorityText("default-ca", await authorityPem(stranger)));
  await expectService(at(8443), "example.org", byDefault, AWAY);
  await expectService(at(8443), "example.org", byStranger, "first");
  await expectService(at(8444), "second.example.org", byPort, "second");
});
