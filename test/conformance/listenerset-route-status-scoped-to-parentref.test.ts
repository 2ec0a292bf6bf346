// Upstream's ListenerSetRouteStatusScopedToParentRef: a route's status has the parents that it names, and no Gateway behind or
// ListenerSet beside them.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
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

test("a route of the Gateway is none of its ListenerSet's, and the other way round", async () => {
  await using own = await startEchoServer({ namespace: INFRA, service: "own" });
  await using set = await startEchoServer({ namespace: INFRA, service: "set" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, own.manifests, set.manifests),
    "gateway.yaml": documents(
      gatewayText(
        "front",
        { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
        tcpListener("tcp", 9300),
      ),
      listenerSetText("sets", { gateway: "front" }, tcpListener("tcp", 9301)),
    ),
    "routes.yaml": documents(
      tcpRouteText("gateway-only", { parents: "{name: front}", backends: "{name: own, port: 3000}" }),
      tcpRouteText("set-only", {
        parents: "{kind: ListenerSet, name: sets}",
        backends: "{name: set, port: 3000}",
      }),
    ),
  });

  await expectParents(gateway, `TCPRoute ${INFRA}/gateway-only`, ["Gateway front", ...GOOD_ROUTE]);
  await expectParents(gateway, `TCPRoute ${INFRA}/set-only`, ["ListenerSet sets", ...GOOD_ROUTE]);
  const wish = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { tcp: wish });
  await expectListeners(gateway, `ListenerSet ${INFRA}/sets`, { tcp: wish });
  expect(await visitTcp({ host, port: 9300 })).toBe("own");
  expect(await visitTcp({ host, port: 9301 })).toBe("set");
});
