// Upstream's TLSRouteMixedTerminationSameNamespace: on one port TLS of one name ends at the gateway, and of another goes through.

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

tlsTest("one port ends TLS of one host name and passes that of another", async () => {
  await using authority = await makeAuthority();
  const ended = await serverPair(authority, "tls.example.com");
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests, secretText(INFRA, "shown", ended)),
    "gateway.yaml": gatewayText(
      "mixed",
      { host },
      tlsListener("ending", 8883, "{name: shown}", ", hostname: tls.example.com"),
      "{name: passing, protocol: TLS, port: 8883, hostname: abc.example.com, tls: {mode: Passthrough}}",
    ),
    "routes.yaml": documents(
      tlsRouteText("to-ending", {
        parents: "{name: mixed, sectionName: ending}",
        hostnames: "tls.example.com",
        backends: "{name: tcp-backend, port: 3000}",
      }),
      tlsRouteText("to-passing", {
        parents: "{name: mixed, sectionName: passing}",
        hostnames: "abc.example.com",
        backends: "{name: tcp-backend, port: 8443}",
      }),
    ),
  });

  for (const route of ["to-ending", "to-passing"]) {
    await expectParents(gateway, `TLSRoute ${INFRA}/${route}`, ["Gateway mixed", ...GOOD_ROUTE]);
  }
  const wish = { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/mixed`, { ending: wish, passing: wish });

  const ca = await authorityPem(authority);
  const place = { host, port: 8883 };
  expect(await askTls(place, { servername: "tls.example.com", ca })).toMatchObject({
    isTLS: false,
    certificate: "tls.example.com",
  });
  expect(await askTls(place, { servername: "abc.example.com", ca })).toMatchObject({
    isTLS: true,
    tls: { serverName: "abc.example.com" },
    certificate: "abc.example.com",
  });
  expect(await tryTls(place, { servername: "other.example.com" })).toBeOneOf(["reset", "fin"]);
});
