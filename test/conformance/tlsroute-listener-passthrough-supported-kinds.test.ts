// Upstream's TLSRouteListenerPassthroughSupportedKinds: a passthrough listener is for TLSRoutes, and for nothing else that it lists.

import { test } from "bun:test";
import { gatewayText } from "../support/conformance-manifests.ts";
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

test("TLSRoute is supported, and what else is listed is InvalidRouteKinds", async () => {
  await using gateway = await ManifestGateway.start({
    "gateway.yaml": documents(
      NAMESPACES,
      gatewayText(
        "kinds",
        { host: loopbackHost() },
        listener("both", 8443, "{kind: TCPRoute}, {kind: TLSRoute}"),
        listener("only", 8444, "{kind: TLSRoute}"),
        listener("none", 8445, "{kind: TCPRoute}"),
        listener("strange", 8446, "{group: example.com, kind: TLSRoute}"),
        "{name: unsaid, protocol: TLS, port: 8447, tls: {mode: Passthrough}}",
      ),
    ),
  });

  const bad = ["Accepted=True/Accepted", "ResolvedRefs=False/InvalidRouteKinds"];
  const good = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"];
  await expectListeners(gateway, `Gateway ${INFRA}/kinds`, {
    both: { kinds: ["TLSRoute"], routes: 0, conditions: bad },
    only: { kinds: ["TLSRoute"], routes: 0, conditions: good },
    none: { kinds: [], routes: 0, conditions: bad },
    strange: { kinds: [], routes: 0, conditions: bad },
    unsaid: { kinds: ["TLSRoute"], routes: 0, conditions: good },
  });
  await expectConditions(gateway, `Gateway ${INFRA}/kinds`, "Accepted=True/Accepted");
});
