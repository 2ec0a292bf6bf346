// Upstream's ListenerSetAllowedRoutesNamespaces: what a ListenerSet's listeners allow is judged from the ListenerSet's namespace, not
// from the Gateway's. Re-told with TLS, whose listeners have host names as HTTP's do.

import { expect } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, grantText, tlsRouteText } from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
import {
  askTls,
  documents,
  expectConditions,
  expectListeners,
  expectParents,
  INFRA,
  type ListenerWish,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  serverPair,
  startEchoServers,
  tlsTest,
} from "../support/conformance.ts";

function listener(name: string, namespaces: string): string {
  return `{name: ${name}, protocol: TLS, port: 8443, hostname: ${name}.example.com, tls: {mode: Passthrough}, allowedRoutes: {namespaces: ${namespaces}}}`;
}

const ALLOWED = "allowed-ns";
const NOT_ALLOWED = "not-allowed-ns";
const CROSS = "listener-set-ns";
/** Routes with their namespace, and the ListenerSet that each wants; the first is the oldest. */
const ROUTES = [
  ["route-same", INFRA, `{kind: ListenerSet, name: sets, namespace: ${INFRA}}`],
  ["route-selected", ALLOWED, `{kind: ListenerSet, name: sets, namespace: ${INFRA}}`],
  ["route-not-selected", NOT_ALLOWED, `{kind: ListenerSet, name: sets, namespace: ${INFRA}}`],
  ["route-cross", CROSS, `{kind: ListenerSet, name: cross, namespace: ${CROSS}}`],
  ["route-gateway", INFRA, `{kind: ListenerSet, name: cross, namespace: ${CROSS}}`],
] as const;

function wish(routes: number): ListenerWish {
  return { kinds: ["TLSRoute"], routes, conditions: GOOD_LISTENER };
}

tlsTest("each listener takes the routes of the namespaces that it allows", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "*.example.com");
  await using backends = await startEchoServers(
    ROUTES.map(([service]) => service),
    { namespace: INFRA, tls },
  );
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(
      NAMESPACES,
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${ALLOWED}, labels: {allowed: ns}}\n`,
      backends.manifests,
      ...[ALLOWED, NOT_ALLOWED, CROSS].map((namespace) =>
        grantText(
          namespace,
          INFRA,
          `{group: gateway.networking.k8s.io, kind: TLSRoute, namespace: ${namespace}}`,
          '{group: "", kind: Service}',
        ),
      ),
    ),
    "gateway.yaml": documents(
      gatewayText(
        "front",
        { host, more: "  allowedListeners: {namespaces: {from: All}}\n" },
        listener("own", "{from: All}"),
      ),
      listenerSetText(
        "sets",
        { gateway: "front" },
        listener("all", "{from: All}"),
        listener("same", "{from: Same}"),
        listener("selector", "{from: Selector, selector: {matchLabels: {allowed: ns}}}"),
      ),
      listenerSetText("cross", { gateway: "front", namespace: CROSS }, listener("cross-same", "{from: Same}")),
    ),
    "routes.yaml": documents(
      ...ROUTES.map(([name, namespace, parents], index) =>
        tlsRouteText(name, {
          namespace,
          parents,
          meta: `, creationTimestamp: "2026-01-0${index + 1}T00:00:00Z"`,
          hostnames: '"*.example.com"',
          backends: `{name: ${name}, namespace: ${INFRA}, port: 8443}`,
        }),
      ),
    ),
  });

  const seen = await expectConditions(gateway, `Gateway ${INFRA}/front`, "Accepted=True/Accepted");
  expect(seen.status.attachedListenerSets).toBe(2);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { own: wish(0) });
  await expectListeners(gateway, `ListenerSet ${INFRA}/sets`, { all: wish(3), same: wish(1), selector: wish(1) });
  await expectListeners(gateway, `ListenerSet ${CROSS}/cross`, { "cross-same": wish(1) });
  const sets = `ListenerSet ${INFRA}/sets`;
  await expectParents(gateway, `TLSRoute ${INFRA}/route-same`, [sets, ...GOOD_ROUTE]);
  await expectParents(gateway, `TLSRoute ${ALLOWED}/route-selected`, [sets, ...GOOD_ROUTE]);
  await expectParents(gateway, `TLSRoute ${NOT_ALLOWED}/route-not-selected`, [sets, ...GOOD_ROUTE]);
  await expectParents(gateway, `TLSRoute ${CROSS}/route-cross`, [`ListenerSet ${CROSS}/cross`, ...GOOD_ROUTE]);
  const refused = "Accepted=False/NotAllowedByListeners";
  await expectParents(gateway, `TLSRoute ${INFRA}/route-gateway`, [`ListenerSet ${CROSS}/cross`, refused]);

  const services: Record<string, string> = {};
  for (const name of ["all", "same", "selector", "cross-same"]) {
    services[name] = (await askTls({ host, port: 8443 }, { servername: `${name}.example.com` })).service;
  }
  expect(services).toEqual({
    all: "route-same",
    same: "route-same",
    selector: "route-selected",
    "cross-same": "route-cross",
  });
});
