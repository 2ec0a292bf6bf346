// Upstream's TCPRouteInvalidCrossNamespaceBackendRef: a Service of another namespace that nobody granted. That is said whether the
// Service is there or not, so that nobody learns which names another namespace has.

import { expect, test } from "bun:test";
import { gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitMany,
  WEB_BACKEND,
} from "../support/conformance.ts";

test("a backend of another namespace without a grant is RefNotPermitted, and gets no client", async () => {
  await using backend = await startEchoServer({ namespace: WEB_BACKEND, service: "far" });
  const host = loopbackHost();
  const parents = "{name: front, sectionName: tcp}";
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 9321)),
    "route.yaml": tcpRouteText("reaching", { parents, backends: `{name: far, namespace: ${WEB_BACKEND}, port: 3000}` }),
  });

  const refused = ["Accepted=True/Accepted", "ResolvedRefs=False/RefNotPermitted"];
  await expectParents(gateway, `TCPRoute ${INFRA}/reaching`, ["Gateway front", ...refused]);
  expect(await visitMany({ host, port: 9321 }, 20)).toEqual({ reset: 20 });
  expect(backend.accepted).toBe(0);

  await gateway.apply(
    "route.yaml",
    tcpRouteText("reaching", { parents, backends: `{name: guessed, namespace: ${WEB_BACKEND}, port: 3000}` }),
  );
  await expectParents(gateway, `TCPRoute ${INFRA}/reaching`, ["Gateway front", ...refused]);
});
