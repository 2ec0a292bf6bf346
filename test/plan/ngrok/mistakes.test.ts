// Endpoints whose documents have mistakes: they keep their address, and nobody gets in, least of all by another endpoint or route.

import { describe, expect, test } from "bun:test";
import { PlanLoader } from "../../../src/app/load.ts";
import {
  agent,
  cloud,
  DENY,
  inline,
  loadBalancer,
  reached,
  readiness,
  urlOf,
} from "../../support/endpoint-documents.ts";
import { backendTls, conditionsOf, service } from "../../support/gateway-documents.ts";
import { chooseRoutes } from "../../support/choose-route.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const UP = "tcp://10.0.0.1:5432";
const URL = "tcp://127.0.0.1:7000";
const BROKEN = { mayBreak: true };

describe("a document with mistakes", () => {
  test.each<[string, string]>([
    ["upstream", agent("a", URL, "nonsense")],
    [
      "policy",
      agent("a", URL, UP, { trafficPolicy: { inline: { on_tcp_connect: [{ actions: [{ type: "denie" }] }] } } }),
    ],
    ["phase", agent("a", URL, UP, { trafficPolicy: { inline: { on_http_request: [{ actions: [DENY] }] } } })],
    ["binding", agent("a", URL, UP, { bindings: ["internal"] })],
    ["binding that there is not", agent("a", URL, UP, { bindings: ["everywhere"] })],
    ["key", agent("a", URL, UP, { trafficPolcy: {} })],
  ])("keeps the address of an AgentEndpoint, and lets nobody in: %s", async (_what, text) => {
    const translated = await translateManifests(text, BROKEN);
    expect(translated.compiled.plan.listeners.map(({ name }) => name)).toEqual(["127.0.0.1:7000"]);
    const why = 'The document of AgentEndpoint "default/a" has mistakes';
    expect(reached(translated, "agentendpoint/default/a")).toBe(why);
    expect(readiness(translated.status("AgentEndpoint", "a"))).toBe(`False ConfigurationError: ${why}`);
    // The mistakes are told where they are.
    expect(translated.said).toEqual([]);
  });

  test("keeps the address of a CloudEndpoint, and its old one", async () => {
    const text = cloud("c", "tcp://", inline({ type: "denie" }));
    const translated = await translateManifests(text, BROKEN);
    expect(urlOf(translated.status("CloudEndpoint", "c"))).toMatch(/^tcp:\/\/localhost:2\d{4}$/);
    expect(conditionsOf(translated, "CloudEndpoint", "c")).toMatchObject({
      CloudEndpointCreated: "False/ConfigurationError",
      Ready: "False/ConfigurationError",
    });
  });

  test("keeps the address of a Service of type LoadBalancer", async () => {
    const broken = loadBalancer("s", { url: "tls://one.example.com:7000" }, { ports: "5432" });
    const translated = await translateManifests(broken + agent("b", "tls://*.example.com:7000", UP), BROKEN);
    const why = 'The document of Service "default/s" has mistakes';
    expect(reached(translated, "service/default/s")).toBe(why);
    expect(readiness(translated.status("Service", "s"))).toBe(`False ConfigurationError: ${why}`);
    expect(translated.said).toEqual([]);
    const elsewhere = await translateManifests(loadBalancer("s", { url: "x" }, { ports: "5432" }), BROKEN);
    expect(elsewhere.compiled.plan.routes).toEqual([]);
    expect(elsewhere.said).toEqual([]);
  });

  test("of a Service sends nobody to its name instead, in the clear or not", async () => {
    const broken = service("db", { ports: "5432" });
    const policy = backendTls("p", ["db"], { wellKnownCACertificates: "System" });
    const translated = await translateManifests(agent("a", URL, "tcp://db:5432") + broken + policy, BROKEN);
    const why = 'The document of Service "default/db" has mistakes';
    expect(reached(translated, "agentendpoint/default/a")).toBe(why);
    expect(readiness(translated.status("AgentEndpoint", "a"))).toBe(`False UpstreamError: ${why}`);
  });

  test("has nothing to keep when nobody knows where it would be", async () => {
    const translated = await translateManifests(agent("a", "tcp://:x", UP) + agent("b", "nowhere", UP), BROKEN);
    expect(translated.compiled.plan.routes).toEqual([]);
    expect(translated.has("AgentEndpoint", "a")).toBe(false);
  });

  test("does not give its name to one with a star, nor to a route with one", async () => {
    const broken = agent("a", "tls://one.example.com:7000", "nonsense");
    const translated = await translateManifests(broken + agent("b", "tls://*.example.com:7000", UP), BROKEN);
    const [listener] = translated.compiled.plan.listeners;
    if (listener === undefined) throw new Error("Nobody listens");
    const choose = (name: string) => chooseRoutes(listener, { address: "127.0.0.1", tls: { name } });
    expect(choose("one.example.com")).toEqual(["agentendpoint/default/a"]);
    expect(choose("two.example.com")).toEqual(["agentendpoint/default/b"]);
    expect(reached(translated, "agentendpoint/default/a")).toBeString();
  });

  test("does not take the URL from the others who share it", async () => {
    const text = agent("a", URL, "nonsense", {}, { day: 1 }) + agent("b", URL, UP, {}, { day: 2 });
    const translated = await translateManifests(text, BROKEN);
    expect(readiness(translated.status("AgentEndpoint", "b"))).toBe("True EndpointActive");
    expect(reached(translated, "agentendpoint/default/b")).toEqual(["10.0.0.1:5432"]);
  });

  test("leaves what ran before as it was, once it had been good", async () => {
    const loader = new PlanLoader();
    const load = (text: string) =>
      loader.load({ documents: [], directories: [], embedded: [{ file: "a.yaml", text }] });
    const good = await load(agent("a", URL, UP));
    good.accept();
    const bad = await load(agent("a", URL, "nonsense"));
    expect(bad.failed).toBe(true);
    expect(bad.diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(["error agentendpoint/bad-url"]);
    expect(bad.plan.routes[0]).toBe(good.plan.routes[0]);
  });
});
