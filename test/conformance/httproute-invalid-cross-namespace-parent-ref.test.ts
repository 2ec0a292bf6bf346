// Upstream's HTTPRouteInvalidCrossNamespaceParentRef, with a TCPRoute: a listener for its own namespace does not take one of another, and
// a ReferenceGrant is not the way to ask for it.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, grantText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitTcp,
  WEB_BACKEND,
} from "../support/conformance.ts";

test("a route of another namespace is NotAllowedByListeners, with a grant too", async () => {
  await using backend = await startEchoServer({ namespace: WEB_BACKEND, service: "web-backend" });
  const host = loopbackHost();
  const from = `{group: gateway.networking.k8s.io, kind: TCPRoute, namespace: ${WEB_BACKEND}}`;
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": documents(
      gatewayText("same-namespace", { host }, tcpListener("tcp", 8080)),
      grantText("pointless", INFRA, from, "{group: gateway.networking.k8s.io, kind: Gateway}"),
    ),
    "route.yaml": tcpRouteText("invalid-parent", {
      namespace: WEB_BACKEND,
      parents: `{name: same-namespace, namespace: ${INFRA}}`,
      backends: "{name: web-backend, port: 3000}",
    }),
  });
  const parent = `Gateway ${INFRA}/same-namespace`;
  await expectParents(gateway, `TCPRoute ${WEB_BACKEND}/invalid-parent`, [
    parent,
    "Accepted=False/NotAllowedByListeners",
  ]);
  await expectListeners(gateway, parent, { tcp: { kinds: ["TCPRoute"], routes: 0, conditions: GOOD_LISTENER } });
  expect(await visitTcp({ host, port: 8080 })).toBe("reset");
  expect(backend.accepted).toBe(0);
});
