// Upstream's BackendTLSPolicyTLSRouteTerminate (main): TLS that ended at the gateway begins again to the backend, under the name that
// the policy says and not under the one that the client asked for.

import { expect } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import { backendTlsText, caReference } from "../support/conformance-policies.ts";
import {
  askTls,
  authorityPem,
  caText,
  documents,
  expectAncestors,
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
} from "../support/conformance.ts";

tlsTest("the backend is asked for the policy's name, whatever the client asked for", async () => {
  await using outside = await makeAuthority();
  await using inside = await makeAuthority();
  const shown = await serverPair(outside, "tls.example.com");
  const tls = await serverPair(inside, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(
      NAMESPACES,
      backend.manifests,
      secretText(INFRA, "shown", shown),
      caText(INFRA, "inside", await authorityPem(inside)),
    ),
    "gateway.yaml": gatewayText("front", { host }, tlsListener("tls", 8443, "{name: shown}")),
    "route.yaml": tlsRouteText("again", {
      parents: "{name: front}",
      hostnames: "tls.example.com",
      backends: "{name: tcp-backend, port: 8443}",
    }),
    "policy.yaml": backendTlsText("again", {
      target: "tcp-backend#tls",
      authorities: caReference("inside"),
      hostname: "abc.example.com",
    }),
  });

  await expectParents(gateway, `TLSRoute ${INFRA}/again`, ["Gateway front", ...GOOD_ROUTE]);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tls: { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  await expectAncestors(gateway, `BackendTLSPolicy ${INFRA}/again`, [`Gateway ${INFRA}/front`, ...GOOD_ROUTE]);
  const ca = await authorityPem(outside);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const visit = await askTls({ host, port: 8443 }, { servername: "tls.example.com", ca, maxVersion });
    expect(visit).toMatchObject({
      service: "tcp-backend",
      isTLS: true,
      tls: { serverName: "abc.example.com", client: "" },
      certificate: "tls.example.com",
    });
  }
});
