// Upstream's HTTPRouteCrossNamespace, with a TCPRoute: a listener that lets routes of other namespaces in takes one.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tcpRouteText } from "../support/conformance-manifests.ts";
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

test.each([
  "{from: All}",
  "{from: Selector, selector: {matchLabels: {gateway-conformance: backend}}}",
  "{from: Selector, selector: {matchExpressions: [{key: gateway-conformance, operator: NotIn, values: [infra]}]}}",
])("a route of another namespace is attached where namespaces are %s", async (namespaces) => {
  await using backend = await startEchoServer({ namespace: WEB_BACKEND, service: "web-backend" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText(
      "backend-namespaces",
      { host },
      `{name: tcp, protocol: TCP, port: 8080, allowedRoutes: {namespaces: ${namespaces}}}`,
    ),
    "route.yaml": tcpRouteText("cross-namespace", {
      namespace: WEB_BACKEND,
      parents: `{name: backend-namespaces, namespace: ${INFRA}}`,
      backends: "{name: web-backend, port: 3000}",
    }),
  });
  const parent = `Gateway ${INFRA}/backend-namespaces`;
  await expectParents(gateway, `TCPRoute ${WEB_BACKEND}/cross-namespace`, [parent, ...GOOD_ROUTE]);
  await expectListeners(gateway, parent, { tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER } });
  expect(await visitTcp({ host, port: 8080 })).toBe("web-backend");
});
