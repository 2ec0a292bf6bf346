import { describe, expect, test } from "bun:test";
import { SUPPORTED_FEATURES } from "../../../src/plan/gateway/classes.ts";
import { conditionsOf, gateway, manifest, tcp } from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

function gatewayClass(name: string, controllerName: string, rest: object = {}): string {
  return manifest("gateway.networking.k8s.io/v1", "GatewayClass", name, { spec: { controllerName, ...rest } });
}

const ofClass = (gatewayClassName: string) => gateway("front", [tcp("a", 5432)], { gatewayClassName });

describe("GatewayClasses", () => {
  for (const name of ["sallyport", "ngrok"]) {
    test(`${name} is there without being written`, async () => {
      const found = await translateManifests(ofClass(name));
      expect(conditionsOf(found, "Gateway", "front")).toMatchObject({ Programmed: "True/Programmed" });
      expect(found.said).toEqual([]);
    });
  }

  test("a class that is nobody's gives the Gateway no status and no listener", async () => {
    const found = await translateManifests(ofClass("nginx"));
    expect(found.has("Gateway", "front")).toBe(false);
    expect(found.routes).toEqual([]);
    expect(found.said).toEqual(["2: gateway/no-class"]);
  });

  test("a class of another controller leaves the Gateway to it, also when it has the name of ours", async () => {
    const found = await translateManifests(gatewayClass("sallyport", "example.com/other") + ofClass("sallyport"));
    expect(found.has("Gateway", "front")).toBe(false);
    expect(found.has("GatewayClass", "sallyport")).toBe(false);
    expect(found.said).toEqual(["4: gateway/other-controller"]);
  });

  test("routes say which controller they are about", async () => {
    const text = gatewayClass("theirs", "ngrok.com/gateway-controller") + ofClass("theirs");
    const found = await translateManifests(text);
    expect(conditionsOf(found, "GatewayClass", "theirs")).toEqual({
      Accepted: "True/Accepted",
      SupportedVersion: "True/SupportedVersion",
    });
    expect(found.gateways.ours.map(({ controllerName }) => controllerName)).toEqual(["ngrok.com/gateway-controller"]);
  });

  test("a class with parameters is not accepted, and neither are its Gateways", async () => {
    const parametersRef = { group: "example.com", kind: "Settings", name: "a" };
    const text = gatewayClass("mine", "sallyport.dev/gateway-controller", { parametersRef }) + ofClass("mine");
    const found = await translateManifests(text);
    expect(conditionsOf(found, "GatewayClass", "mine")).toMatchObject({ Accepted: "False/InvalidParameters" });
    expect(found.routes).toEqual([]);
    expect(found.said).toEqual(["2: gatewayclass/invalid-parameters", "4: gateway/class-not-accepted"]);
  });

  test("supported features are sorted, as the standard wants them", () => {
    expect(SUPPORTED_FEATURES.toSorted()).toEqual([...SUPPORTED_FEATURES]);
  });
});
