// Upstream's GatewayFrontendInvalidDefaultClientCertificateValidation, on TLS listeners, which is sallyport's extension: authorities that
// cannot be used close the listeners that end TLS and have no others, and nothing else.

import { expect } from "bun:test";
import { authorityText, clientPair, expectService } from "../support/client-certificate-scene.ts";
import {
  GOOD_LISTENER,
  gatewayText,
  tcpListener,
  tcpRouteText,
  tlsListener,
  tlsRouteText,
} from "../support/conformance-manifests.ts";
import { caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  documents,
  expectConditions,
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
  visitTcp,
} from "../support/conformance.ts";

const FRONTEND = `  tls:
    frontend:
      default: {validation: {caCertificateRefs: [${caReference("does-not-exist")}]}}
      perPort: [{port: 8444, tls: {validation: {caCertificateRefs: [${caReference("port-ca")}]}}}]
`;

tlsTest("only listeners that end TLS and have no authorities of their port are closed", async () => {
  await using authority = await makeAuthority();
  const client = await clientPair(authority, "client");
  const pair = await serverPair(authority, "example.org");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls: pair });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(
      NAMESPACES,
      backend.manifests,
      secretText(INFRA, "shown", pair),
      authorityText("port-ca", await authorityPem(authority)),
    ),
    "gateway.yaml": gatewayText(
      "front",
      { host, more: FRONTEND },
      tlsListener("closed", 8443, "{name: shown}"),
      tlsListener("own", 8444, "{name: shown}"),
      "{name: passing, protocol: TLS, port: 8445, tls: {mode: Passthrough}}",
      tcpListener("tcp", 9300),
    ),
    "routes.yaml": documents(
      tlsRouteText("ended", {
        parents: "{name: front, sectionName: closed}, {name: front, sectionName: own}",
        hostnames: "example.org",
        backends: "{name: tcp-backend, port: 3000}",
      }),
      tlsRouteText("passed", {
        parents: "{name: front, sectionName: passing}",
        hostnames: "example.org",
        backends: "{name: tcp-backend, port: 8443}",
      }),
      tcpRouteText("raw", { parents: "{name: front}", backends: "{name: tcp-backend, port: 3000}" }),
    ),
  });

  const good = { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER };
  const bad = ["Accepted=False/NoValidCACertificate", "Programmed=False", "ResolvedRefs=False/InvalidCACertificateRef"];
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    closed: { ...good, conditions: bad },
    own: good,
    passing: good,
    tcp: { ...good, kinds: ["TCPRoute"] },
  });
  await expectConditions(gateway, `Gateway ${INFRA}/front`, "Accepted=True/ListenersNotValid", "Programmed=True");
  for (const shown of [client, undefined]) {
    const seen = await serviceFor({ host, port: 8443 }, { servername: "example.org", ...shown });
    expect(seen).toBeOneOf([AWAY, "refused"]);
  }
  await expectService({ host, port: 8444 }, "example.org", client, "tcp-backend");
  await expectService({ host, port: 8444 }, "example.org", undefined, AWAY);
  await expectService({ host, port: 8445 }, "example.org", undefined, "tcp-backend");
  expect(await visitTcp({ host, port: 9300 })).toBe("tcp-backend");
});
