// Upstream's HTTPRoutePartiallyInvalidViaInvalidReferenceGrant, with backendRefs of one TCPRoute for rules of an HTTPRoute, of which an
// L4 route has one: the backend that is granted goes on, and the share of the other one is reset.

import { expect, test } from "bun:test";
import { gatewayText, grantText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  APP_BACKEND,
  documents,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitMany,
} from "../support/conformance.ts";

test("of two backends the one without a grant keeps its share, which is reset", async () => {
  await using granted = await startEchoServer({ namespace: APP_BACKEND, service: "granted" });
  await using other = await startEchoServer({ namespace: APP_BACKEND, service: "other" });
  const host = loopbackHost();
  const backends = ["granted", "other"].map((name) => `{name: ${name}, namespace: ${APP_BACKEND}, port: 3000}`);
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, granted.manifests, other.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 8080)),
    "route.yaml": tcpRouteText("partial", { parents: "{name: front}", backends: backends.join(", ") }),
    "grant.yaml": grantText(
      "granted",
      APP_BACKEND,
      `{group: gateway.networking.k8s.io, kind: TCPRoute, namespace: ${INFRA}}`,
      '{group: "", kind: Service, name: granted}',
    ),
  });
  const partly = ["Accepted=True/Accepted", "ResolvedRefs=False/RefNotPermitted"];
  await expectParents(gateway, `TCPRoute ${INFRA}/partial`, ["Gateway front", ...partly]);
  expect(await visitMany({ host, port: 8080 }, 100)).toEqual({ granted: 50, reset: 50 });
  expect(other.accepted).toBe(0);
});
