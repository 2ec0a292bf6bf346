// What upstream has no test for (the Listener's type; GEP-2643): listeners that end TLS on one port and mean some of the same names are
// no conflict. Both say so, and the closer one has the clients of both, whoever of them has a route.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
import {
  AWAY,
  documents,
  expectListeners,
  INFRA,
  type ListenerWish,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  serviceFor,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";

const OVERLAP = "OverlappingTLSConfig";
const OVERLAPPING = [...GOOD_LISTENER, `${OVERLAP}=True/OverlappingHostnames`];

function ending(name: string, port: number, hostname: string): string {
  return tlsListener(name, port, "{name: shown}", `, hostname: "${hostname}"`);
}

function wish(routes: number, conditions: readonly string[]): ListenerWish {
  return { kinds: ["TLSRoute"], routes, conditions };
}

tlsTest("both of two that overlap say so, and a client is the closer one's", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "*.example.com");
  await using wide = await startEchoServer({ namespace: INFRA, service: "wide" });
  await using exact = await startEchoServer({ namespace: INFRA, service: "exact" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(NAMESPACES, wide.manifests, exact.manifests, secretText(INFRA, "shown", pair)),
    "gateway.yaml": gatewayText(
      "front",
      { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
      ending("wide", 8443, "*.example.com"),
      ending("exact", 8443, "app.example.com"),
      ending("apart", 8443, "app.example.org"),
      ending("other-port", 8444, "app.example.com"),
      '{name: passing, protocol: TLS, port: 8445, hostname: "*.example.com", tls: {mode: Passthrough}}',
      ending("beside-passing", 8445, "app.example.com"),
    ),
    "routes.yaml": documents(
      tlsRouteText("wide", {
        parents: "{name: front, sectionName: wide}",
        hostnames: '"*.example.com", app.example.com',
        backends: "{name: wide, port: 3000}",
      }),
      tlsRouteText("exact", {
        parents: "{name: front, sectionName: exact}",
        hostnames: "app.example.com",
        backends: "{name: exact, port: 3000}",
      }),
    ),
  });
  const ask = (servername: string): Promise<string> => serviceFor({ host, port: 8443 }, { servername });
  const others = {
    apart: wish(0, GOOD_LISTENER),
    "other-port": wish(0, GOOD_LISTENER),
    passing: wish(0, GOOD_LISTENER),
    "beside-passing": wish(0, GOOD_LISTENER),
  };

  const { status } = await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    wide: wish(1, OVERLAPPING),
    exact: wish(1, OVERLAPPING),
    ...others,
  });
  // Where nothing overlaps nothing is said of it, not even that it does not.
  const saying = status.listeners.filter(({ conditions }) => conditions.some(({ type }) => type === OVERLAP));
  expect(saying.map(({ name }) => name)).toEqual(["wide", "exact"]);
  expect(await ask("app.example.com")).toBe("exact");
  expect(await ask("other.example.com")).toBe("wide");

  // Listeners are isolated: without a route of its own the closer one turns its clients away.
  await gateway.apply(
    "routes.yaml",
    tlsRouteText("wide", {
      parents: "{name: front, sectionName: wide}",
      hostnames: '"*.example.com", app.example.com',
      backends: "{name: wide, port: 3000}",
    }),
  );
  expect(await ask("app.example.com")).toBe(AWAY);
  expect(await ask("other.example.com")).toBe("wide");

  await gateway.apply("gateway.yaml", gatewayText("front", { host }, ending("wide", 8443, "*.example.com")));
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { wide: wish(1, GOOD_LISTENER) });
  expect(await ask("app.example.com")).toBe("wide");
});

tlsTest("a ListenerSet's listener overlaps with its Gateway's", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "*.example.com");
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(NAMESPACES, secretText(INFRA, "shown", pair)),
    "gateway.yaml": documents(
      gatewayText(
        "front",
        { host: loopbackHost(), more: "  allowedListeners: {namespaces: {from: Same}}\n" },
        ending("wide", 8443, "*.example.com"),
      ),
      listenerSetText("set", { gateway: "front" }, ending("exact", 8443, "app.example.com")),
    ),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { wide: wish(0, OVERLAPPING) });
  await expectListeners(gateway, `ListenerSet ${INFRA}/set`, { exact: wish(0, OVERLAPPING) });
});
