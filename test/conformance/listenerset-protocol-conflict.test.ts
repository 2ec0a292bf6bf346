// Upstream's ListenerSetProtocolConflict, re-told with TLS where upstream has HTTP: a TCP listener on a port with host names is in
// conflict with what came before it, be that the Gateway's or an older ListenerSet's.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpRouteText, tlsRouteText } from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
import {
  documents,
  expectConditions,
  expectListeners,
  INFRA,
  type ListenerWish,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  serverPair,
  serviceFor,
  startEchoServers,
  tlsTest,
  visitTcp,
} from "../support/conformance.ts";

function tls(name: string, port: number): string {
  return `{name: ${name}, protocol: TLS, port: ${port}, hostname: ${name}.example.com, tls: {mode: Passthrough}}`;
}

function tcp(name: string, port: number): string {
  return `{name: ${name}, protocol: TCP, port: ${port}}`;
}

const CONFLICT = [
  "Accepted=False/ProtocolConflict",
  "Programmed=False/ProtocolConflict",
  "Conflicted=True/ProtocolConflict",
];
/** ListenerSets, the oldest first: listeners that are good, and those in conflict. */
const SETS: Readonly<Record<string, { good: readonly string[]; bad: readonly string[] }>> = {
  first: {
    good: [tls("first-tls", 8443), tls("first-other", 8444), tcp("first-tcp", 8445)],
    bad: [tcp("bad-tcp", 8443)],
  },
  second: { good: [], bad: [tcp("bad-tcp", 8443)] },
  third: { good: [tls("third-tls", 8444)], bad: [tcp("bad-tcp", 8444), tls("bad-tls", 8445)] },
  fourth: { good: [], bad: [tcp("bad-same", 8445), tls("bad-own", 8446)] },
};

function routesText(kind: string, name: string): string {
  const parents = `{kind: ${kind}, name: ${name}}`;
  return documents(
    tlsRouteText(name, { parents, hostnames: '"*.example.com"', backends: `{name: ${name}, port: 8443}` }),
    tcpRouteText(name, { parents, backends: `{name: ${name}, port: 3000}` }),
  );
}

/** What is expected of a listener, by its name. */
function wish(listener: string, conditions: readonly string[]): [string, ListenerWish] {
  const name = listener.slice("{name: ".length, listener.indexOf(","));
  return [name, { kinds: [listener.includes("TLS") ? "TLSRoute" : "TCPRoute"], routes: 1, conditions }];
}

tlsTest("what came first keeps the port, and others with another protocol are in conflict", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "*.example.com");
  const services = ["front", ...Object.keys(SETS)];
  await using backends = await startEchoServers(services, { namespace: INFRA, tls: pair });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backends.manifests),
    "gateway.yaml": gatewayText(
      "front",
      { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
      tls("own", 8443),
      tcp("own-tcp", 8446),
    ),
    "sets.yaml": documents(
      ...Object.entries(SETS).map(([name, { good, bad }], index) =>
        listenerSetText(
          name,
          { gateway: "front", meta: `, creationTimestamp: "2026-01-0${index + 1}T00:00:00Z"` },
          ...good,
          ...bad,
        ),
      ),
    ),
    "routes.yaml": documents(
      routesText("Gateway", "front"),
      ...Object.keys(SETS).map((name) => routesText("ListenerSet", name)),
    ),
  });

  const seen = await expectListeners(
    gateway,
    `Gateway ${INFRA}/front`,
    Object.fromEntries([wish(tls("own", 8443), GOOD_LISTENER), wish(tcp("own-tcp", 8446), GOOD_LISTENER)]),
  );
  expect(seen.status.attachedListenerSets).toBe(2);
  for (const [name, { good, bad }] of Object.entries(SETS)) {
    const set = `ListenerSet ${INFRA}/${name}`;
    const wanted = [...good.map((each) => wish(each, GOOD_LISTENER)), ...bad.map((each) => wish(each, CONFLICT))];
    await expectListeners(gateway, set, Object.fromEntries(wanted));
    const status = good.length > 0 ? "True" : "False";
    await expectConditions(gateway, set, `Accepted=${status}/ListenersNotValid`, `Programmed=${status}`);
  }

  const askName = (name: string, port: number): Promise<string> =>
    serviceFor({ host, port }, { servername: `${name}.example.com` });
  expect(await askName("own", 8443)).toBe("front");
  expect(await askName("first-tls", 8443)).toBe("first");
  expect(await askName("first-other", 8444)).toBe("first");
  expect(await askName("third-tls", 8444)).toBe("third");
  expect(await visitTcp({ host, port: 8445 })).toBe("first");
  expect(await visitTcp({ host, port: 8446 })).toBe("front");
});
