// Upstream's GatewayInvalidRouteKind, with TCP and TLS listeners for its HTTP ones: kinds that a listener cannot take are not
// among its supportedKinds and show in ResolvedRefs; the others remain.

import { expect, test } from "bun:test";
import { gatewayText, tcpRouteText } from "../support/conformance-manifests.ts";
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
} from "../support/conformance.ts";

const INVALID = "ResolvedRefs=False/InvalidRouteKinds";

function tcp(kinds: string): string {
  return `{name: tcp, protocol: TCP, port: 8080, allowedRoutes: {namespaces: {from: All}, kinds: [${kinds}]}}`;
}

test("a listener for nothing but an unknown kind supports none", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("only-invalid", { host }, tcp("{kind: InvalidRoute}")),
    "route.yaml": tcpRouteText("echo", { parents: "{name: only-invalid}", backends: "{name: echo, port: 3000}" }),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/only-invalid`, {
    tcp: { kinds: [], routes: 0, conditions: [INVALID] },
  });
  await expectParents(gateway, `TCPRoute ${INFRA}/echo`, [
    "Gateway only-invalid",
    "Accepted=False/NotAllowedByListeners",
  ]);
  expect(await visitTcp({ host, port: 8080 })).toBeOneOf(["reset", "refused"]);
  expect(backend.accepted).toBe(0);
});

test.each([
  "{kind: InvalidRoute}, {kind: TCPRoute}",
  "{kind: TCPRoute}, {kind: HTTPRoute}",
  "{kind: TCPRoute, group: other.example.com}, {kind: TCPRoute}",
])("a listener for %s supports the TCPRoute", async (kinds) => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("both", { host }, tcp(kinds)),
    "route.yaml": tcpRouteText("echo", { parents: "{name: both}", backends: "{name: echo, port: 3000}" }),
  });
  const seen = await expectListeners(gateway, `Gateway ${INFRA}/both`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: [INVALID, "Accepted=True/Accepted"] },
  });
  expect(seen.status.listeners[0]?.supportedKinds).toEqual([{ group: "gateway.networking.k8s.io", kind: "TCPRoute" }]);
  expect(await visitTcp({ host, port: 8080 })).toBe("echo");
});
