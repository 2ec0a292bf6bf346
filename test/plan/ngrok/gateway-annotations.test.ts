// What ngrok's annotations say of a Gateway: the traffic policy of all its routes, and from where it can be reached.

import { describe, expect, test } from "bun:test";
import {
  DENY,
  forwardTo,
  ipPolicy,
  phase,
  restrictTo,
  terminateTls,
  trafficPolicy,
} from "../../support/endpoint-documents.ts";
import { conditionsOf, gateway, service, tcp, tcpRoute, tls, tlsRoute } from "../../support/gateway-documents.ts";
import { chooseRoutes } from "../../support/choose-route.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

/** A Gateway with two listeners, each with a route, and these annotations. */
async function fronted(annotations: Readonly<Record<string, string>>, others = "") {
  const front = gateway("front", [tcp("pg", 7000), tls("web", 7001, "one.example")]).replace(
    '"name":"front"',
    `"name":"front","annotations":${JSON.stringify(annotations)}`,
  );
  const routes = tcpRoute("r", [{ name: "front", sectionName: "pg" }]) + tlsRoute("t", ["front"], ["one.example"]);
  const translated = await translateManifests(front + routes + service("db") + others);
  return {
    translated,
    accepted: conditionsOf(translated, "Gateway", "front")["Accepted"],
    policies: translated.compiled.plan.routes.map(({ policy }) => policy?.rules.length ?? 0),
    served: translated.compiled.plan.routes.map(({ pools }) => pools.length),
    said: translated.messages,
  };
}

describe("the annotation traffic-policy", () => {
  test.each(["ngrok.com", "k8s.ngrok.com"])("with the prefix %s is about all routes of the Gateway", async (prefix) => {
    const found = await fronted({ [`${prefix}/traffic-policy`]: "p" }, trafficPolicy("p", phase(DENY)));
    expect(found).toMatchObject({ accepted: "True/Accepted", policies: [1, 1], served: [1, 1], said: [] });
  });

  test("may forward to endpoints of either protocol, and name IPPolicies", async () => {
    const policy = phase(restrictTo({ ip_policies: ["office"] }), forwardTo("tls://a.internal:1"));
    const found = await fronted(
      { "ngrok.com/traffic-policy": "p" },
      trafficPolicy("p", policy) + ipPolicy("office", "allow ::/0"),
    );
    expect(found).toMatchObject({ accepted: "True/Accepted", policies: [1, 1] });
  });

  test.each<[string, string, string]>([
    ["is not there", "", "There is no NgrokTrafficPolicy"],
    ["is of another namespace", trafficPolicy("other/p", phase(DENY)), "There is no NgrokTrafficPolicy"],
    ["is no policy of routes", trafficPolicy("p", phase(terminateTls())), "(ERR_NGROK_2205)"],
    [
      "names an IPPolicy that is not there",
      trafficPolicy("p", phase(restrictTo({ ip_policies: ["gone"] }))),
      "(ERR_NGROK_2216)",
    ],
  ])("closes the Gateway when the policy %s", async (_why, others, message) => {
    const found = await fronted({ "ngrok.com/traffic-policy": "p" }, others);
    expect(found.accepted).toBe("False/TrafficPolicyError");
    expect(found.served.every((count) => count === 0)).toBe(true);
    expect(found.said.join()).toContain(message);
    // Those who ask for its name are nobody else's.
    const wide = gateway("wide", [tls("all", 7001)]) + tlsRoute("w", ["wide"], ["*.example"]);
    const beside = await fronted({ "ngrok.com/traffic-policy": "p" }, others + wide);
    const [listener] = beside.translated.compiled.plan.listeners;
    if (listener === undefined) throw new Error("Nobody listens");
    const choose = (name: string) => chooseRoutes(listener, { address: "127.0.0.1", tls: { name } }).join();
    expect(choose("two.example")).toStartWith("tlsroute/default/w@");
    expect(choose("one.example")).toStartWith("listener/");
  });
});

describe("the annotation bindings", () => {
  test("may say what Gateways are: public", async () => {
    expect(await fronted({ "ngrok.com/bindings": "public" })).toMatchObject({
      accepted: "True/Accepted",
      served: [1, 1],
    });
  });

  test.each(["internal", "kubernetes", "everywhere", ""])("closes a Gateway that says %p", async (bindings) => {
    const found = await fronted({ "k8s.ngrok.com/bindings": bindings });
    expect(found).toMatchObject({ accepted: "False/UnsupportedBinding" });
    expect(found.served.every((count) => count === 0)).toBe(true);
    expect(found.said.join()).toContain('Its annotation "bindings"');
  });
});

test("the other annotations of ngrok's change nothing", async () => {
  const found = await fronted({
    "ngrok.com/mapping-strategy": "endpoints-verbose",
    "ngrok.com/pooling-enabled": "true",
    "ngrok.com/description": "front",
    "ngrok.com/metadata": "{}",
  });
  expect(found).toMatchObject({ accepted: "True/Accepted", policies: [0, 0], served: [1, 1], said: [] });
});
