// What upstream has no test for (TCPRoute, backendRefs.weight): when all weights are 0 nobody gets a client, and everybody is reset.

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

function route(one: number, two: number): string {
  const backends = `{name: one, port: 3000, weight: ${one}}, {name: two, port: 3000, weight: ${two}}`;
  return tcpRouteText("none", { parents: "{name: front}", backends });
}

test("every client is reset, the route stays accepted, and a weight brings them back", async () => {
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  await using two = await startEchoServer({ namespace: INFRA, service: "two" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, one.manifests, two.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 9600)),
    "route.yaml": route(0, 0),
  });
  const place = { host, port: 9600 };
  await expectParents(gateway, `TCPRoute ${INFRA}/none`, ["Gateway front", ...GOOD_ROUTE]);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await visitMany(place, 100)).toEqual({ reset: 100 });
  expect(one.accepted + two.accepted).toBe(0);

  await gateway.apply("route.yaml", route(0, 1));
  expect(await visitMany(place, 20)).toEqual({ two: 20 });
  expect(one.accepted).toBe(0);
});
