// Upstream's GatewayClassObservedGenerationBump: a changed description is a new generation, and every condition is about it.

import { expect, test } from "bun:test";
import { CONTROLLER, expectConditions, ManifestGateway, readStatus } from "../support/conformance.ts";

function classText(description: string, controller = CONTROLLER): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ours}
spec: {controllerName: ${controller}, description: ${description}}
`;
}

test("every condition of a class observes its new generation", async () => {
  await using gateway = await ManifestGateway.start({ "class.yaml": classText("old") });
  const before = await expectConditions(gateway, "GatewayClass ours", "Accepted=True/Accepted");
  expect(before.generation).toBe(1);

  await gateway.apply("class.yaml", classText("new"));
  const after = await expectConditions(gateway, "GatewayClass ours", "Accepted=True/Accepted", "SupportedVersion=True");
  expect(after.generation).toBe(2);
  const features = after.status.supportedFeatures.map(({ name }) => name);
  expect(features).toEqual(features.toSorted());
  expect(features).toContain("TCPRoute");
});

test("a class of another controller has no status of ours", async () => {
  await using gateway = await ManifestGateway.start({ "class.yaml": classText("old", "example.com/other") });
  expect(await gateway.find("GatewayClass", "", "ours")).not.toHaveProperty("status");
  await expect(readStatus(gateway, "GatewayClass ours")).rejects.toThrow();
});
