// Kinds of ngrok's that are no endpoints: what their status says, and what is said of them beside the file.

import { describe, expect, test } from "bun:test";
import { DENY, ipPolicy, phase, readiness, trafficPolicy } from "../../support/endpoint-documents.ts";
import { conditionsOf, manifest } from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

describe("a kind of ngrok's that is not needed here", () => {
  test("is told of, and is as ready as it gets: a Domain", async () => {
    const domain = manifest("ingress.k8s.ngrok.com/v1alpha1", "Domain", "d", { spec: { domain: "db.example.com" } });
    const translated = await translateManifests(domain);
    expect(readiness(translated.status("Domain", "d"))).toBe("True NotNeeded");
    expect(translated.said).toEqual(["2: domain/not-needed"]);
  });

  test("is told of, and is not served: a BoundEndpoint", async () => {
    const spec = {
      endpointURL: "tcp://db.prod:5432",
      scheme: "tcp",
      port: 10_001,
      target: { service: "db", namespace: "prod", protocol: "TCP", port: 5432 },
    };
    const bound = manifest("bindings.k8s.ngrok.com/v1alpha1", "BoundEndpoint", "b", { spec });
    const translated = await translateManifests(bound);
    expect(readiness(translated.status("BoundEndpoint", "b"))).toStartWith(
      "False NotSupported: Bound endpoints are not served",
    );
    expect(translated.said).toEqual(["2: boundendpoint/not-needed"]);
    expect(translated.routes).toEqual([]);
  });
});

test("a traffic policy and an IPPolicy that nothing is wrong with are ready, whoever names them", async () => {
  const translated = await translateManifests(trafficPolicy("p", phase(DENY)) + ipPolicy("office", "allow ::/0"));
  expect(conditionsOf(translated, "NgrokTrafficPolicy", "p")).toEqual({
    Valid: "True/TrafficPolicyValid",
    Ready: "True/TrafficPolicyValid",
  });
  expect(conditionsOf(translated, "IPPolicy", "office")).toEqual({
    IPPolicyCreated: "True/IPPolicyCreated",
    IPPolicyRulesConfigured: "True/IPPolicyRulesConfigured",
    Ready: "True/IPPolicyActive",
  });
  expect(translated.said).toEqual([]);
});

test("both are there under the older and the newer group, and by either name", async () => {
  const spec = { policy: phase(DENY) };
  const policy = manifest("ngrok.com/v1", "TrafficPolicy", "p", { spec });
  const translated = await translateManifests(policy);
  expect(readiness(translated.status("NgrokTrafficPolicy", "p"))).toBe("True TrafficPolicyValid");
});
