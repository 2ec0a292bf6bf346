// Upstream's GatewayObservedGenerationBump: a changed spec is a new generation, and every condition is about it. What is not in the
// spec changes nothing.

import { expect, test } from "bun:test";
import { gatewayText, tcpListener } from "../support/conformance-manifests.ts";
import { expectConditions, expectListeners, INFRA, loopbackHost, ManifestGateway } from "../support/conformance.ts";

const GATEWAY = `Gateway ${INFRA}/front`;

test("every condition observes the new generation after the spec has changed, and only then", async () => {
  const host = loopbackHost();
  const before = gatewayText("front", { host }, tcpListener("tcp", 8080));
  await using gateway = await ManifestGateway.start({ "gateway.yaml": before });
  const first = await expectConditions(gateway, GATEWAY, "Accepted=True", "Programmed=True");
  expect(first.generation).toBe(1);

  await gateway.apply("gateway.yaml", before.replace("name: front}", "name: front, labels: {some: label}}"));
  const labelled = await expectConditions(gateway, GATEWAY, "Accepted=True", "Programmed=True");
  expect(labelled.generation).toBe(1);

  await gateway.apply(
    "gateway.yaml",
    gatewayText("front", { host }, tcpListener("tcp", 8080), tcpListener("alternate", 8081)),
  );
  // That all conditions observe the object's generation is looked at with every status.
  const second = await expectConditions(gateway, GATEWAY, "Accepted=True", "Programmed=True");
  expect(second.generation).toBe(2);
  const conditions = ["Accepted=True", "Programmed=True", "ResolvedRefs=True"];
  const free = { kinds: ["TCPRoute"], routes: 0, conditions };
  await expectListeners(gateway, GATEWAY, { tcp: free, alternate: free });
});
