// Upstream's TLSRouteInvalidBackendRefNonexistent: a route whose Service is not there is accepted, says so, and turns its clients away
// before any handshake, whoever would end their TLS.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
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
  tlsTest,
  tryTls,
} from "../support/conformance.ts";

const LISTENERS = {
  Passthrough: "{name: tls, protocol: TLS, port: 8443, tls: {mode: Passthrough}}",
  Terminate: tlsListener("tls", 8443, "{name: shown}"),
};

tlsTest.each(Object.entries(LISTENERS))(
  "behind a %s listener a Service that is not there has no clients",
  async (_, listener) => {
    await using authority = await makeAuthority();
    const host = loopbackHost();
    await using gateway = await ManifestGateway.start({
      "base.yaml": documents(NAMESPACES, secretText(INFRA, "shown", await serverPair(authority, "abc.example.com"))),
      "gateway.yaml": gatewayText("front", { host }, listener),
      "route.yaml": tlsRouteText("lost", {
        parents: "{name: front}",
        hostnames: "abc.example.com",
        backends: "{name: nonexistent, port: 8443}",
      }),
    });

    const conditions = ["Accepted=True/Accepted", "ResolvedRefs=False/BackendNotFound"];
    await expectParents(gateway, `TLSRoute ${INFRA}/lost`, ["Gateway front", ...conditions]);
    await expectListeners(gateway, `Gateway ${INFRA}/front`, {
      tls: { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER },
    });
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const visit = await tryTls({ host, port: 8443 }, { servername: "abc.example.com", maxVersion });
      expect(visit).toBeOneOf(["reset", "fin"]);
    }
  },
);
