// Upstream's TCPRouteWeightedRouting: connections are shared by weight, and weight 0 gets none. Upstream allows five percent off;
// our shares are exact.

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
  visitMany,
} from "../support/conformance.ts";

test("connections are shared 70 to 30, and the backend with weight 0 gets none", async () => {
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  await using two = await startEchoServer({ namespace: INFRA, service: "two" });
  await using three = await startEchoServer({ namespace: INFRA, service: "three" });
  const host = loopbackHost();
  const backends =
    "{name: one, port: 3000, weight: 70}, {name: two, port: 3000, weight: 30}, {name: three, port: 3000, weight: 0}";
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, one.manifests, two.manifests, three.manifests),
    "gateway.yaml": gatewayText("weighted", { host }, tcpListener("tcp", 9300)),
    "route.yaml": tcpRouteText("weighted", { parents: "{name: weighted, sectionName: tcp}", backends }),
  });

  await expectParents(gateway, `TCPRoute ${INFRA}/weighted`, ["Gateway weighted", ...GOOD_ROUTE]);
  await expectListeners(gateway, `Gateway ${INFRA}/weighted`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await visitMany({ host, port: 9300 }, 500)).toEqual({ one: 350, two: 150 });
  expect(three.accepted).toBe(0);
}, 30_000);
