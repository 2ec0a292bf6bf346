// Upstream's ListenerSetDualParentRefIndependence: a route that names a Gateway and a ListenerSet is judged for each by itself.

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

test("one parent may take a route while another does not", async () => {
  await using both = await startEchoServer({ namespace: INFRA, service: "both" });
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, both.manifests, one.manifests),
    "gateway.yaml": documents(
      gatewayText(
        "front",
        { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
        tcpListener("own", 9300),
      ),
      listenerSetText("sets", { gateway: "front" }, tcpListener("shared", 9301), tcpListener("only", 9302)),
    ),
    "routes.yaml": documents(
      tcpRouteText("both", {
        parents: "{name: front}, {kind: ListenerSet, name: sets, sectionName: shared}",
        backends: "{name: both, port: 3000}",
      }),
      tcpRouteText("one", {
        parents: "{name: front, sectionName: only}, {kind: ListenerSet, name: sets, sectionName: only}",
        backends: "{name: one, port: 3000}",
      }),
    ),
  });

  await expectParents(
    gateway,
    `TCPRoute ${INFRA}/both`,
    ["Gateway front", ...GOOD_ROUTE],
    ["ListenerSet sets", ...GOOD_ROUTE],
  );
  await expectParents(
    gateway,
    `TCPRoute ${INFRA}/one`,
    ["Gateway front", "Accepted=False/NoMatchingParent"],
    ["ListenerSet sets", ...GOOD_ROUTE],
  );
  const wish = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { own: wish });
  await expectListeners(gateway, `ListenerSet ${INFRA}/sets`, { shared: wish, only: wish });
  expect(await visitTcp({ host, port: 9300 })).toBe("both");
  expect(await visitTcp({ host, port: 9301 })).toBe("both");
  expect(await visitTcp({ host, port: 9302 })).toBe("one");
});
