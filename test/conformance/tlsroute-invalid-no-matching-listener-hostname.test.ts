// Upstream's TLSRouteInvalidNoMatchingListenerHostname: a route none of whose host names is the listener's is not accepted.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsRouteText } from "../support/conformance-manifests.ts";
import {
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

/** Host names of a listener and of a route that share nothing; a wildcard is never its own domain. */
tlsTest.each([
  ["abc.example.com", "def.example.com"],
  ["abc.example.com", '"*.abc.example.com"'],
  ['"*.example.com"', "example.com"],
  ['"*.example.com"', '"*.example.org", example.net'],
])("a listener for %s takes no route for %s", async (own, hostnames) => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText(
      "front",
      { host },
      `{name: tls, protocol: TLS, port: 8443, hostname: ${own}, tls: {mode: Passthrough}}`,
    ),
    "route.yaml": tlsRouteText("strange", {
      parents: "{name: front}",
      hostnames,
      backends: "{name: tcp-backend, port: 8443}",
    }),
  });

  const refused = "Accepted=False/NoMatchingListenerHostname";
  await expectParents(gateway, `TLSRoute ${INFRA}/strange`, ["Gateway front", refused, "ResolvedRefs=True"]);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tls: { kinds: ["TLSRoute"], routes: 0, conditions: GOOD_LISTENER },
  });
  for (const servername of [
    "abc.example.com",
    "def.example.com",
    "x.abc.example.com",
    "example.com",
    "x.example.org",
  ]) {
    expect(await tryTls({ host, port: 8443 }, { servername })).toBeOneOf(["reset", "fin"]);
  }
  expect(backend.accepted).toBe(0);
});
