// Upstream's TLSRouteSimpleSameNamespace: TLS goes through a passthrough listener, and is ended by the backend.

import { expect } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tlsRouteText } from "../support/conformance-manifests.ts";
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
  serverPair,
  startEchoServer,
  tlsTest,
  tryTls,
} from "../support/conformance.ts";

tlsTest("a client of the route's host name shakes hands with the backend itself", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText(
      "through",
      { host },
      '{name: tls, protocol: TLS, port: 8443, hostname: "*.example.com", tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: TLSRoute}]}}',
    ),
    "route.yaml": tlsRouteText("simple", {
      parents: "{name: through}",
      hostnames: "abc.example.com",
      backends: "{name: tcp-backend, port: 8443}",
    }),
  });

  await expectParents(gateway, `TLSRoute ${INFRA}/simple`, ["Gateway through", ...GOOD_ROUTE]);
  await expectListeners(gateway, `Gateway ${INFRA}/through`, {
    tls: { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  const ca = await authorityPem(authority);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const visit = await askTls({ host, port: 8443 }, { servername: "abc.example.com", ca, maxVersion });
    expect(visit).toMatchObject({
      service: "tcp-backend",
      isTLS: true,
      tls: { serverName: "abc.example.com", version: maxVersion },
      certificate: "abc.example.com",
    });
  }

  // Names are the same in any case.
  const { service } = await askTls({ host, port: 8443 }, { servername: "ABC.Example.COM" });
  expect(service).toBe("tcp-backend");

  const { accepted } = backend;
  expect(await tryTls({ host, port: 8443 }, { servername: "def.example.com" })).toBeOneOf(["reset", "fin"]);
  expect(await tryTls({ host, port: 8443 }, {})).toBeOneOf(["reset", "fin"]);
  expect(backend.accepted).toBe(accepted);
});
