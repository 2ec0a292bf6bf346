// Upstream's GatewayWithAttachedRoutesWithPort8080, with TCPRoutes for its HTTPRoutes: a route that names one of two listeners is counted by
// that one alone.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectListeners,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitTcp,
} from "../support/conformance.ts";

test("the listener that is named has the route, and the other one none", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("unattached", 8080), tcpListener("tcp", 8081)),
    "route.yaml": tcpRouteText("echo", {
      parents: `{kind: Gateway, name: front, namespace: ${INFRA}, sectionName: tcp}`,
      backends: "{name: echo, port: 3000}",
    }),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    unattached: { kinds: ["TCPRoute"], routes: 0, conditions: GOOD_LISTENER },
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await visitTcp({ host, port: 8080 })).toBe("reset");
  expect(await visitTcp({ host, port: 8081 })).toBe("echo");
});
