// Upstream's TCPRouteInvalidBackendRefNonexistent: a Service that is not there shows in ResolvedRefs and nowhere else. Upstream looks
// at the status alone; we also want every client to be reset, at once and before a byte.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitMany,
  visitTcp,
} from "../support/conformance.ts";

test("a Service that is not there is BackendNotFound, its clients are reset, and it works when it comes", async () => {
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "namespaces.yaml": NAMESPACES,
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 9300)),
    "route.yaml": tcpRouteText("lost", {
      parents: "{name: front, sectionName: tcp}",
      backends: "{name: nonexistent, port: 3000}",
    }),
  });

  const lost = ["Accepted=True/Accepted", "ResolvedRefs=False/BackendNotFound"];
  await expectParents(gateway, `TCPRoute ${INFRA}/lost`, ["Gateway front", ...lost]);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await visitMany({ host, port: 9300 }, 20)).toEqual({ reset: 20 });

  await using backend = await startEchoServer({ namespace: INFRA, service: "nonexistent" });
  await gateway.apply("backend.yaml", backend.manifests);
  await expectParents(gateway, `TCPRoute ${INFRA}/lost`, ["Gateway front", "ResolvedRefs=True/ResolvedRefs"]);
  expect(await visitTcp({ host, port: 9300 })).toBe("nonexistent");
});
