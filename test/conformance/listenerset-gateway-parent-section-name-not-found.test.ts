// Upstream's ListenerSetGatewayParentSectionNameNotFound: a listener of a ListenerSet is not found through the Gateway.

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

test("the name and the port of a ListenerSet's listener are none of the Gateway's", async () => {
  await using good = await startEchoServer({ namespace: INFRA, service: "good" });
  await using bad = await startEchoServer({ namespace: INFRA, service: "bad" });
  const host = loopbackHost();
  // Older than the good one: it would win, were it attached.
  const meta = ', creationTimestamp: "2026-01-01T00:00:00Z"';
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, good.manifests, bad.manifests),
    "gateway.yaml": documents(
      gatewayText(
        "front",
        { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
        tcpListener("own", 9300),
      ),
      listenerSetText("sets", { gateway: "front" }, tcpListener("only", 9301)),
    ),
    "routes.yaml": documents(
      tcpRouteText("via-set", {
        parents: "{kind: ListenerSet, name: sets, sectionName: only}",
        backends: "{name: good, port: 3000}",
      }),
      tcpRouteText("via-name", {
        parents: "{name: front, sectionName: only}",
        backends: "{name: bad, port: 3000}",
        meta,
      }),
      tcpRouteText("via-port", { parents: "{name: front, port: 9301}", backends: "{name: bad, port: 3000}", meta }),
    ),
  });

  await expectParents(gateway, `TCPRoute ${INFRA}/via-set`, ["ListenerSet sets", ...GOOD_ROUTE]);
  for (const route of ["via-name", "via-port"]) {
    await expectParents(gateway, `TCPRoute ${INFRA}/${route}`, ["Gateway front", "Accepted=False/NoMatchingParent"]);
  }
  const wish = { kinds: ["TCPRoute"], conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { own: { ...wish, routes: 0 } });
  await expectListeners(gateway, `ListenerSet ${INFRA}/sets`, { only: { ...wish, routes: 1 } });
  expect(await visitTcp({ host, port: 9301 })).toBe("good");
  expect(bad.accepted).toBe(0);
});
