// Upstream's TCPRouteParentRefAttachAll: a parentRef with neither sectionName nor port means every TCP listener.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
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

const PORTS = { one: 9310, two: 9311, three: 9312, four: 9313 };

test("a route that names no listener is attached to all of them", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  const listeners = Object.entries(PORTS).map(([name, port]) => tcpListener(name, port));
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText(
      "front",
      { host },
      ...listeners,
      "{name: tls, protocol: TLS, port: 9314, tls: {mode: Passthrough}}",
    ),
    "route.yaml": tcpRouteText("all", { parents: "{name: front}", backends: "{name: echo, port: 3000}" }),
  });

  await expectParents(gateway, `TCPRoute ${INFRA}/all`, ["Gateway front", ...GOOD_ROUTE]);
  const attached = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    one: attached,
    two: attached,
    three: attached,
    four: attached,
    tls: { kinds: ["TLSRoute"], routes: 0, conditions: GOOD_LISTENER },
  });
  for (const port of Object.values(PORTS)) expect(await visitTcp({ host, port })).toBe("echo");
});
