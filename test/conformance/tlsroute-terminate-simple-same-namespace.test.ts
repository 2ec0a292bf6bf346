// Upstream's TLSRouteTerminateSimpleSameNamespace: TLS ends at the listener with its own certificate, and the backend sees plain TCP.

import { expect } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  askTls,
  authorityPem,
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
  tryTls,
} from "../support/conformance.ts";

tlsTest("the client sees the listener's certificate, and the backend no TLS", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "tls.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests, secretText(INFRA, "shown", pair)),
    "gateway.yaml": gatewayText(
      "ending",
      { host },
      tlsListener("tls", 8443, "{name: shown}", ", hostname: tls.example.com"),
    ),
    "route.yaml": tlsRouteText("simple", {
      parents: "{name: ending}",
      hostnames: "tls.example.com",
      backends: "{name: tcp-backend, port: 3000}",
    }),
  });

  await expectParents(gateway, `TLSRoute ${INFRA}/simple`, ["Gateway ending", ...GOOD_ROUTE]);
  await expectListeners(gateway, `Gateway ${INFRA}/ending`, {
    tls: { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  const ca = await authorityPem(authority);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const visit = await askTls({ host, port: 8443 }, { servername: "tls.example.com", ca, maxVersion });
    expect(visit).toMatchObject({ service: "tcp-backend", isTLS: false, certificate: "tls.example.com" });
  }

  const { accepted } = backend;
  for (const servername of ["other.example.com", undefined]) {
    const wish = servername === undefined ? {} : { servername };
    expect(await tryTls({ host, port: 8443 }, wish)).toBeOneOf(["reset", "fin"]);
  }
  expect(backend.accepted).toBe(accepted);
});
