// Upstream's TCPRouteParentRefPortAndSectionName: a route is attached by port, by sectionName, or by both, which must then mean the same
// listener.

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

const PARENTS = {
  one: "{name: front, port: 9300}",
  two: "{name: front, sectionName: two}",
  three: "{name: front, sectionName: three, port: 9302}",
};

test("a listener is found by its port, by its name, and by both", async () => {
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  await using two = await startEchoServer({ namespace: INFRA, service: "two" });
  await using three = await startEchoServer({ namespace: INFRA, service: "three" });
  const host = loopbackHost();
  const routes = Object.entries(PARENTS).map(([name, parents]) =>
    tcpRouteText(name, { parents, backends: `{name: ${name}, port: 3000}` }),
  );
  const listeners = [tcpListener("one", 9300), tcpListener("two", 9301), tcpListener("three", 9302)];
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, one.manifests, two.manifests, three.manifests),
    "gateway.yaml": gatewayText("front", { host }, ...listeners),
    "routes.yaml": documents(...routes),
  });

  for (const name of Object.keys(PARENTS)) {
    await expectParents(gateway, `TCPRoute ${INFRA}/${name}`, ["Gateway front", ...GOOD_ROUTE]);
  }
  const attached = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { one: attached, two: attached, three: attached });
  expect(await visitTcp({ host, port: 9300 })).toBe("one");
  expect(await visitTcp({ host, port: 9301 })).toBe("two");
  expect(await visitTcp({ host, port: 9302 })).toBe("three");
});

function route(parents: string): string {
  return tcpRouteText("lost", { parents, backends: "{name: one, port: 3000}" });
}

test("a port and a name that mean different listeners mean none", async () => {
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, one.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("one", 9300), tcpListener("two", 9301)),
    "routes.yaml": route("{name: front, sectionName: one, port: 9301}"),
  });

  const unmatched = { kinds: ["TCPRoute"], routes: 0, conditions: GOOD_LISTENER };
  for (const parents of ["{name: front, port: 9309}", "{name: front, sectionName: three}"]) {
    await expectParents(gateway, `TCPRoute ${INFRA}/lost`, ["Gateway front", "Accepted=False/NoMatchingParent"]);
    await expectListeners(gateway, `Gateway ${INFRA}/front`, { one: unmatched, two: unmatched });
    for (const port of [9300, 9301]) expect(await visitTcp({ host, port })).toBe("reset");
    await gateway.apply("routes.yaml", route(parents));
  }
  await expectParents(gateway, `TCPRoute ${INFRA}/lost`, ["Gateway front", "Accepted=False/NoMatchingParent"]);
});
