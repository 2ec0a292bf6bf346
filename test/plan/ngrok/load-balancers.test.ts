// Services of type LoadBalancer: which are ours, what their annotations say of them, and what their status tells.

import { describe, expect, test } from "bun:test";
import type { LoadBalancerStatus } from "../../../src/plan/ngrok/endpoint-status.ts";
import {
  agent,
  DENY,
  loadBalancer,
  phase,
  reached,
  readiness,
  terminateTls,
  trafficPolicy,
} from "../../support/endpoint-documents.ts";
import { conditionsOf, slice } from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const HERE = { url: "tcp://127.0.0.1:7000" };
const ROUTE = "service/default/s";
const PLACE = slice("s-1", "s", { endpoints: [{ addresses: ["10.0.0.1"] }] });

type Shown = Partial<LoadBalancerStatus> & { readonly parents?: unknown; readonly ancestors?: unknown };

async function seen(annotations: Readonly<Record<string, string>> = HERE, spec = {}, others = "") {
  const translated = await translateManifests(loadBalancer("s", annotations, spec) + PLACE + others);
  const status = translated.has("Service", "s") ? translated.status("Service", "s") : undefined;
  const shown: Shown | undefined = status;
  return {
    translated,
    to: reached(translated, ROUTE),
    ingress: shown?.loadBalancer?.ingress,
    ready: status === undefined ? "none" : readiness(status),
    said: translated.messages,
  };
}

describe("a Service of type LoadBalancer", () => {
  test.each(["ngrok", "sallyport", "sallyport.dev/gateway-controller"])(
    "with the class %s is ours",
    async (loadBalancerClass) => {
      const found = await seen(HERE, { loadBalancerClass });
      expect(found).toMatchObject({ to: ["10.0.0.1:5432"], ready: "True EndpointActive", said: [] });
      expect(found.ingress).toEqual([{ ip: "127.0.0.1", ports: [{ port: 7000, protocol: "TCP" }] }]);
      expect(conditionsOf(found.translated, "Service", "s")).toEqual({
        EndpointCreated: "True/EndpointCreated",
        DomainReady: "True/DomainReady",
        Ready: "True/EndpointActive",
      });
    },
  );

  test.each<[string, object]>([
    ["another class", { loadBalancerClass: "metallb" }],
    ["no class", { loadBalancerClass: undefined }],
    ["another type", { type: "ClusterIP" }],
  ])("with %s is left alone", async (_what, spec) => {
    const found = await seen({ url: "nonsense" }, spec);
    expect(found).toMatchObject({ ready: "none", said: [], to: "no such route" });
  });

  test("without a url gets an address of its own, by a name", async () => {
    const found = await seen({});
    expect(found.ingress).toEqual([{ hostname: "localhost", ports: [{ port: expect.any(Number), protocol: "TCP" }] }]);
    expect(found.to).toEqual(["10.0.0.1:5432"]);
  });

  test("passes its first port for TCP on", async () => {
    const ports = [
      { name: "dns", port: 53, protocol: "UDP" },
      { name: "pg", port: 5432 },
      { name: "pg2", port: 5433 },
    ];
    const translated = await translateManifests(loadBalancer("s", HERE, { ports }));
    expect(reached(translated, ROUTE)).toEqual(["s.default.svc.cluster.local:5432"]);
  });

  test("may be found by a name in TLS, with a policy that ends it", async () => {
    const annotations = { url: "tls://one.example:7000", "traffic-policy": "p" };
    const found = await seen(annotations, {}, trafficPolicy("p", phase(terminateTls())));
    expect(found.translated.compiled.plan.routes[0]?.tls).toMatchObject({ mode: "terminate" });
    expect(found.ingress).toEqual([{ hostname: "one.example", ports: [{ port: 7000, protocol: "TCP" }] }]);
  });

  test("may be one inside", async () => {
    const found = await seen({ url: "tcp://s.internal:1", bindings: "internal" });
    expect(found.translated.compiled.plan.internals).toHaveLength(1);
    expect(found.ready).toBe("True EndpointActive");
  });

  test("is read with the older prefix too, behind the newer one", async () => {
    const found = await seen({ "k8s.ngrok.com/url": "tcp://127.0.0.1:7001", ...HERE });
    expect(found.ingress?.[0]?.ports[0]?.port).toBe(7000);
    const older = await seen({ "k8s.ngrok.com/url": "tcp://127.0.0.1:7001", "k8s.ngrok.com/traffic-policy": "p" });
    expect(older.ready).toStartWith("False TrafficPolicyError: ");
  });

  test("with a policy that is not there lets nobody in", async () => {
    const found = await seen({ ...HERE, "traffic-policy": "p" });
    const why = 'There is no NgrokTrafficPolicy "default/p", or it has mistakes: nobody is let in';
    expect(found).toMatchObject({ to: why, ready: `False TrafficPolicyError: ${why}`, ingress: undefined });
    expect(found.said).toEqual([`2: service/traffic-policy-error: ${why}`]);
    expect((await seen({ ...HERE, "traffic-policy": "p" }, {}, trafficPolicy("p", phase(DENY)))).ready).toBe(
      "True EndpointActive",
    );
  });

  test.each<[string, Record<string, string>, string]>([
    ["a binding", { bindings: "everywhere" }, "public, internal, kubernetes"],
    ["a binding of other URLs", { bindings: "internal" }, "Expected a name that ends with .internal"],
    ["pooling", { "pooling-enabled": "yes" }, 'expected "true" or "false", found "yes"'],
  ])("with a wrong annotation keeps its address, and lets nobody in: %s", async (_what, annotations, message) => {
    const found = await seen({ ...HERE, ...annotations });
    expect(found.ready).toStartWith("False ConfigurationError: Its annotation ");
    expect(found.ready).toContain(message);
    expect(found.to).toBeString();
    expect(found.translated.compiled.plan.listeners).toHaveLength(1);
    expect(found.said).toHaveLength(1);
    expect(found.ingress).toBeUndefined();
  });

  test.each<[string, Record<string, string>, object]>([
    ["a URL that is none", { url: "one.example" }, {}],
    ["no port for TCP", HERE, { ports: [{ port: 53, protocol: "UDP" }] }],
  ])("has no endpoint with %s, and says so", async (_what, annotations, spec) => {
    const found = await seen(annotations, spec);
    expect(found.ready).toStartWith("False ConfigurationError: It");
    expect(found).toMatchObject({ to: "no such route", ingress: undefined });
    expect(found.said).toHaveLength(1);
    expect(found.said[0]).toStartWith("2: service/bad-load-balancer: ");
    expect(found.said[0]).toEndWith(": the Service has no endpoint");
  });

  test("may be the upstream of others besides", async () => {
    const found = await seen(HERE, {}, agent("a", "tcp://127.0.0.1:7001", "tcp://s:5432"));
    expect(reached(found.translated, "agentendpoint/default/a")).toEqual(["10.0.0.1:5432"]);
  });
});
