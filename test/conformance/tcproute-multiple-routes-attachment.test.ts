// Upstream's TCPRouteMultipleRoutesAttachment: of two TCPRoutes on one listener both are accepted and counted, and the older has all
// clients.

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

/** Times have a precision of seconds: what is written says who is older, instead of a second's wait. */
function route(name: string, second: number): string {
  return tcpRouteText(name, {
    parents: "{name: front, sectionName: tcp}",
    backends: `{name: for-${name}, port: 3000}`,
    meta: `, creationTimestamp: "2026-01-02T12:00:0${second}Z"`,
  });
}

const PORT = 9310;

test("both routes are accepted, and the older one has every client", async () => {
  await using older = await startEchoServer({ namespace: INFRA, service: "for-older" });
  await using newer = await startEchoServer({ namespace: INFRA, service: "for-newer" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, older.manifests, newer.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", PORT)),
    "z.yaml": route("older", 0),
  });
  const place = { host, port: PORT };
  await expectParents(gateway, `TCPRoute ${INFRA}/older`, ["Gateway front", ...GOOD_ROUTE]);
  expect(await visitMany(place, 10)).toEqual({ "for-older": 10 });

  await gateway.apply("a.yaml", route("newer", 1));
  await expectParents(gateway, `TCPRoute ${INFRA}/older`, ["Gateway front", ...GOOD_ROUTE]);
  await expectParents(gateway, `TCPRoute ${INFRA}/newer`, [
    "Gateway front",
    ...GOOD_ROUTE,
    // Ours: the standard has no condition for it.
    "sallyport.dev/Serving=False/SupersededByOlderRoute",
  ]);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tcp: { kinds: ["TCPRoute"], routes: 2, conditions: GOOD_LISTENER },
  });
  expect(await visitMany(place, 100)).toEqual({ "for-older": 100 });

  await gateway.remove("z.yaml");
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await visitMany(place, 10)).toEqual({ "for-newer": 10 });
});

test("of two routes of one age the first by namespace and name has the clients", async () => {
  await using older = await startEchoServer({ namespace: INFRA, service: "for-a" });
  await using newer = await startEchoServer({ namespace: INFRA, service: "for-b" });
  const host = loopbackHost();
  await using _gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, older.manifests, newer.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", PORT)),
    "0.yaml": route("b", 0),
    "1.yaml": route("a", 0),
  });
  expect(await visitMany({ host, port: PORT }, 20)).toEqual({ "for-a": 20 });
});

test("a route that is the older one on one listener and the newer one on another serves there alone", async () => {
  await using older = await startEchoServer({ namespace: INFRA, service: "for-older" });
  await using newer = await startEchoServer({ namespace: INFRA, service: "for-newer" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, older.manifests, newer.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", PORT), tcpListener("other", PORT + 1)),
    "routes.yaml": documents(route("older", 0), route("newer", 1).replace(", sectionName: tcp", "")),
  });
  const seen = await expectParents(gateway, `TCPRoute ${INFRA}/newer`, ["Gateway front", ...GOOD_ROUTE]);
  expect(seen.status.parents[0]?.conditions.map(({ type }) => type)).not.toContain("sallyport.dev/Serving");
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tcp: { kinds: ["TCPRoute"], routes: 2, conditions: GOOD_LISTENER },
    other: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await visitMany({ host, port: PORT }, 20)).toEqual({ "for-older": 20 });
  expect(await visitMany({ host, port: PORT + 1 }, 20)).toEqual({ "for-newer": 20 });
});
