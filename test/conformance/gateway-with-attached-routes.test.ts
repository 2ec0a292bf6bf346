// Upstream's GatewayWithAttachedRoutes, with TCPRoutes and TLSRoutes for its HTTPRoutes: a listener counts the routes that it accepted, whether
// it can serve them or not, and no others.

import { expect, test } from "bun:test";
import {
  GOOD_LISTENER,
  gatewayText,
  tcpRouteText,
  tlsListener,
  tlsRouteText,
} from "../support/conformance-manifests.ts";
import {
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  tryTls,
  visitTcp,
  WEB_BACKEND,
} from "../support/conformance.ts";

/** The label is every Namespace's own, written or not. */
const OF_INFRA = `namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: ${INFRA}}}}`;
const ECHO = "{name: echo, port: 3000}";

test("one route is attached through a namespace selector, and one of another namespace is not", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  const far = { parents: `{name: front, namespace: ${INFRA}}`, backends: ECHO, namespace: WEB_BACKEND };
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText(
      "front",
      { host },
      `{name: tcp, protocol: TCP, port: 8080, allowedRoutes: {kinds: [{kind: TCPRoute}], ${OF_INFRA}}}`,
    ),
    "routes.yaml": documents(
      tcpRouteText("one", { parents: "{name: front}", backends: ECHO }),
      tcpRouteText("far", far),
    ),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  await expectParents(gateway, `TCPRoute ${WEB_BACKEND}/far`, [
    `Gateway ${INFRA}/front`,
    "Accepted=False/NotAllowedByListeners",
  ]);
  expect(await visitTcp({ host, port: 8080 })).toBe("echo");
});

function route(name: string, hostnames: string): string {
  return tlsRouteText(name, { parents: "{name: front}", hostnames, backends: ECHO });
}

test("two routes are counted, and a third one whose host name is another's is not", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText(
      "front",
      { host },
      `{name: tls, protocol: TLS, port: 8443, hostname: foo.example.com, tls: {mode: Passthrough}, allowedRoutes: {kinds: [{kind: TLSRoute}], ${OF_INFRA}}}`,
    ),
    "routes.yaml": documents(
      route("exact", "foo.example.com"),
      route("wide", '"*.example.com"'),
      route("not-accepted", "not-accepted.test.com"),
    ),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tls: { kinds: ["TLSRoute"], routes: 2, conditions: GOOD_LISTENER },
  });
  await expectParents(gateway, `TLSRoute ${INFRA}/not-accepted`, [
    "Gateway front",
    "Accepted=False/NoMatchingListenerHostname",
  ]);
});

test("a route that cannot be resolved is counted by a listener that cannot be resolved either", async () => {
  const host = loopbackHost();
  const allowed = `, allowedRoutes: {kinds: [{kind: TLSRoute}], ${OF_INFRA}}`;
  await using gateway = await ManifestGateway.start({
    "gateway.yaml": documents(
      NAMESPACES,
      gatewayText("front", { host }, tlsListener("tls", 8443, "{name: does-not-exist}", allowed)),
    ),
    "routes.yaml": tlsRouteText("unresolved", {
      parents: "{name: front, sectionName: tls}",
      hostnames: "foo.example.com",
      backends: "{name: does-not-exist, port: 8080}",
    }),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tls: {
      kinds: ["TLSRoute"],
      routes: 1,
      conditions: ["ResolvedRefs=False/InvalidCertificateRef", "Programmed=False"],
    },
  });
  await expectParents(gateway, `TLSRoute ${INFRA}/unresolved`, [
    "Gateway front",
    "Accepted=True/Accepted",
    "ResolvedRefs=False/BackendNotFound",
  ]);
  expect(await tryTls({ host, port: 8443 }, { servername: "foo.example.com" })).toBeOneOf(["reset", "refused"]);
});
