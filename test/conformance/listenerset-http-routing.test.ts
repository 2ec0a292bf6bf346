// Upstream's ListenerSetHTTPRouting, re-told with TCP and TLS: routes reach listeners of a Gateway and of its ListenerSets, all of them or
// one, and ListenerSets come and go while it runs.

import { expect } from "bun:test";
import {
  GOOD_LISTENER,
  GOOD_ROUTE,
  gatewayText,
  tcpListener,
  tcpRouteText,
  tlsRouteText,
} from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
import {
  askTls,
  documents,
  expectConditions,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  serverPair,
  startEchoServers,
  tlsTest,
  tryTls,
  visitTcp,
} from "../support/conformance.ts";

function passing(name: string): string {
  return `{name: ${name}, protocol: TLS, port: 8443, hostname: ${name}.example.com, tls: {mode: Passthrough}}`;
}

const FIRST = listenerSetText("first", { gateway: "front" }, tcpListener("tcp", 9301), passing("first"));
const SECOND = listenerSetText("second", { gateway: "front" }, tcpListener("tcp", 9302), passing("second"));

function routes(name: string, tcpParent: string, tlsParent: string): string {
  return documents(
    tcpRouteText(name, { parents: tcpParent, backends: `{name: ${name}, port: 3000}` }),
    tlsRouteText(name, { parents: tlsParent, hostnames: '"*.example.com"', backends: `{name: ${name}, port: 8443}` }),
  );
}

tlsTest("routes reach the Gateway's listeners and the ListenerSets', all of a parent or one", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "*.example.com");
  const services = ["own", "all-of-first", "one-of-second"];
  await using backends = await startEchoServers(services, { namespace: INFRA, tls });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backends.manifests),
    "gateway.yaml": gatewayText(
      "front",
      { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
      tcpListener("tcp", 9300),
      passing("own"),
    ),
    "first.yaml": FIRST,
    "second.yaml": SECOND,
    "routes.yaml": documents(
      routes("own", "{name: front}", "{name: front}"),
      routes("all-of-first", "{kind: ListenerSet, name: first}", "{kind: ListenerSet, name: first}"),
      routes(
        "one-of-second",
        "{kind: ListenerSet, name: second, sectionName: tcp}",
        "{kind: ListenerSet, name: second, sectionName: second, port: 8443}",
      ),
    ),
  });

  const parents = { own: "Gateway front", "all-of-first": "ListenerSet first", "one-of-second": "ListenerSet second" };
  for (const [route, parent] of Object.entries(parents)) {
    for (const kind of ["TCPRoute", "TLSRoute"]) {
      await expectParents(gateway, `${kind} ${INFRA}/${route}`, [parent, ...GOOD_ROUTE]);
    }
  }
  const tcp = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
  const passed = { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { tcp, own: passed });
  await expectListeners(gateway, `ListenerSet ${INFRA}/first`, { tcp, first: passed });
  await expectListeners(gateway, `ListenerSet ${INFRA}/second`, { tcp, second: passed });

  const askName = async (name: string): Promise<string> =>
    (await askTls({ host, port: 8443 }, { servername: `${name}.example.com` })).service;
  expect(await visitTcp({ host, port: 9300 })).toBe("own");
  expect(await visitTcp({ host, port: 9301 })).toBe("all-of-first");
  expect(await visitTcp({ host, port: 9302 })).toBe("one-of-second");
  expect(await askName("own")).toBe("own");
  expect(await askName("first")).toBe("all-of-first");
  expect(await askName("second")).toBe("one-of-second");

  await gateway.remove("first.yaml");
  const seen = await expectConditions(gateway, `Gateway ${INFRA}/front`, "Accepted=True/Accepted");
  expect(seen.status.attachedListenerSets).toBe(1);
  // Of a parent that is not there nothing is told.
  await expectParents(gateway, `TCPRoute ${INFRA}/all-of-first`);
  expect(await visitTcp({ host, port: 9301 })).toBe("refused");
  expect(await tryTls({ host, port: 8443 }, { servername: "first.example.com" })).toBeOneOf(["reset", "fin"]);
  expect(await askName("second")).toBe("one-of-second");

  await gateway.apply("first.yaml", FIRST);
  await expectParents(gateway, `TCPRoute ${INFRA}/all-of-first`, ["ListenerSet first", ...GOOD_ROUTE]);
  expect(await visitTcp({ host, port: 9301 })).toBe("all-of-first");
  expect(await askName("first")).toBe("all-of-first");
});
