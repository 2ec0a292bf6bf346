// Upstream's ListenerSetAllowedRoutesSupportedKinds: listeners of a ListenerSet support what they list and can carry.

import { test } from "bun:test";
import { gatewayText, tcpListener } from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
import {
  documents,
  expectConditions,
  expectListeners,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
} from "../support/conformance.ts";

function listener(name: string, port: number, kinds: string): string {
  return `{name: ${name}, protocol: TLS, port: ${port}, tls: {mode: Passthrough}, allowedRoutes: {kinds: [${kinds}]}}`;
}

test("a kind that a listener cannot carry is InvalidRouteKinds, the others stay", async () => {
  await using gateway = await ManifestGateway.start({
    "gateway.yaml": documents(
      NAMESPACES,
      gatewayText(
        "front",
        { host: loopbackHost(), more: "  allowedListeners: {namespaces: {from: Same}}\n" },
        tcpListener("own", 9300),
      ),
      listenerSetText(
        "sets",
        { gateway: "front" },
        listener("tls-route", 8441, "{kind: TLSRoute}"),
        listener("http-route", 8442, "{kind: HTTPRoute}"),
        listener("both", 8443, "{kind: HTTPRoute}, {kind: TLSRoute}"),
        tcpListener("tcp-route", 8444),
      ),
    ),
  });

  const good = ["Accepted=True/Accepted", "Programmed=True", "ResolvedRefs=True/ResolvedRefs"];
  const bad = ["Accepted=True/Accepted", "ResolvedRefs=False/InvalidRouteKinds"];
  await expectListeners(gateway, `ListenerSet ${INFRA}/sets`, {
    "tls-route": { kinds: ["TLSRoute"], routes: 0, conditions: good },
    "http-route": { kinds: [], routes: 0, conditions: bad },
    both: { kinds: ["TLSRoute"], routes: 0, conditions: bad },
    "tcp-route": { kinds: ["TCPRoute"], routes: 0, conditions: good },
  });
  await expectConditions(gateway, `ListenerSet ${INFRA}/sets`, "Accepted=True/Accepted");
});
