// Upstream's TLSRouteInvalidNoMatchingListener: listeners of other protocols do not take a TLSRoute, and a name that no listener has
// finds none.

import { expect } from "bun:test";
import { gatewayText, tcpListener, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  startEchoServer,
  tlsTest,
  visitTcp,
} from "../support/conformance.ts";

tlsTest("a TLSRoute is not attached to listeners for HTTP, HTTPS or TCP, nor to one that is not there", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls });
  const host = loopbackHost();
  const parents = {
    http: "Accepted=False/NotAllowedByListeners",
    https: "Accepted=False/NotAllowedByListeners",
    tcp: "Accepted=False/NotAllowedByListeners",
    nonexistent: "Accepted=False/NoMatchingParent",
  };
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests, secretText(INFRA, "shown", tls)),
    "gateway.yaml": gatewayText(
      "front",
      { host },
      "{name: http, protocol: HTTP, port: 8080}",
      "{name: https, protocol: HTTPS, port: 8443, tls: {certificateRefs: [{name: shown}]}}",
      tcpListener("tcp", 9300),
    ),
    "routes.yaml": documents(
      ...Object.keys(parents).map((sectionName) =>
        tlsRouteText(`to-${sectionName}`, {
          parents: `{name: front, sectionName: ${sectionName}}`,
          hostnames: "abc.example.com",
          backends: "{name: tcp-backend, port: 8443}",
        }),
      ),
    ),
  });

  for (const [sectionName, refused] of Object.entries(parents)) {
    await expectParents(gateway, `TLSRoute ${INFRA}/to-${sectionName}`, ["Gateway front", refused]);
  }
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    http: { kinds: [], routes: 0, conditions: ["Accepted=False/UnsupportedProtocol"] },
    https: { kinds: [], routes: 0, conditions: ["Accepted=False/UnsupportedProtocol"] },
    tcp: { kinds: ["TCPRoute"], routes: 0, conditions: ["Accepted=True/Accepted"] },
  });
  for (const port of [8080, 8443]) expect(await visitTcp({ host, port })).toBe("refused");
  expect(await visitTcp({ host, port: 9300 })).toBe("reset");
  expect(backend.accepted).toBe(0);
});
