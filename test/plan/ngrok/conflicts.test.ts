// Endpoints, routes and Gateways that want one port: who runs keeps it, and whoever lost it says so in the status and beside the file.

import { describe, expect, test } from "bun:test";
import { type LoadedPlan, PlanLoader } from "../../../src/app/load.ts";
import { statusesOf } from "../../../src/plan/gateway/status.ts";
import { agent, readiness, urlOf } from "../../support/endpoint-documents.ts";
import { gateway, service, tcp, tcpRoute } from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const UP = "tcp://10.0.0.1:5432";
const A = agent("a", "tcp://127.0.0.1:7000", UP);
const B = agent("b", "tcp://127.0.0.1:7000", UP);
const ROUTE = 'listen: "127.0.0.1:7000"\nbackends: ["10.0.0.9:1"]\n';
const FRONT =
  gateway("front", [tcp("pg", 7000)], { addresses: [{ value: "127.0.0.1" }] }) +
  tcpRoute("r", ["front"]) +
  service("db");

const TAKEN = { message: "Cannot listen on 127.0.0.1:7000: EADDRINUSE", foreign: false };

/** Loads files by name, one set after the other, each in force before the next. */
async function loads(...sets: readonly Readonly<Record<string, string>>[]): Promise<LoadedPlan> {
  const loader = new PlanLoader();
  let loaded: LoadedPlan | undefined;
  for (const files of sets) {
    const embedded = Object.entries(files).map(([file, text]) => ({ file, text }));
    loaded = await loader.load({ documents: [], directories: [], embedded }, loaded?.plan);
    loaded.accept();
  }
  if (loaded === undefined) throw new Error("Nothing was loaded");
  return loaded;
}

function listening({ plan }: LoadedPlan): readonly string[] {
  return plan.listeners.flatMap(({ entries }) => entries.map(({ route }) => route));
}

/** The status of an AgentEndpoint. */
function statusOf({ translation, refusals }: LoadedPlan, name: string) {
  const outcome = { refusalOf: (route: string) => refusals.get(route), bindErrorOf: () => undefined };
  for (const [{ kind, metadata }, status] of statusesOf(translation, outcome)) {
    if (kind === "AgentEndpoint" && metadata.name === name) return status;
  }
  throw new Error(`There is no AgentEndpoint "${name}"`);
}

describe("a port that an endpoint has", () => {
  test("is not taken by a route that comes later", async () => {
    const loaded = await loads({ "a.yaml": A }, { "a.yaml": A, "b.yaml": ROUTE });
    expect(listening(loaded)).toEqual(["agentendpoint/default/a"]);
    expect(loaded.diagnostics.map(({ file, severity, code }) => `${file} ${severity} ${code}`)).toEqual([
      "b.yaml error plan/listen-conflict",
    ]);
  });

  test("is not taken by a Gateway that comes later", async () => {
    const loaded = await loads({ "a.yaml": A }, { "a.yaml": A, "0.yaml": FRONT });
    expect(listening(loaded)).toEqual(["agentendpoint/default/a"]);
    expect(readiness(statusOf(loaded, "a"))).toBe("True EndpointActive");
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["a second one shares its URL", { "a.yaml": A }, { "a.yaml": A, "b.yaml": B }],
    ["the second one goes", { "a.yaml": A, "b.yaml": B }, { "a.yaml": A }],
    ["the first one goes", { "a.yaml": A, "b.yaml": B }, { "b.yaml": B }],
    ["another one takes its place", { "a.yaml": A }, { "b.yaml": B }],
  ])("is not taken by a route that waits for it, when %s", async (_what, before, after) => {
    const loaded = await loads(before, { ...before, "0.yaml": ROUTE }, { ...after, "0.yaml": ROUTE });
    expect(listening(loaded)).not.toContain("0");
    expect(listening(loaded)).toHaveLength(1);
    const gatewayWaits = await loads(before, { ...before, "0.yaml": FRONT }, { ...after, "0.yaml": FRONT });
    expect(listening(gatewayWaits)).toEqual(listening(loaded));
  });
});

describe("a port that somebody else has", () => {
  test.each([
    ["route", ROUTE],
    ["Gateway", FRONT],
  ])("is not taken by an endpoint that comes later: a %s's", async (_whose, text) => {
    const loaded = await loads({ "z.yaml": text }, { "z.yaml": text, "a.yaml": A });
    expect(listening(loaded)).not.toContain("agentendpoint/default/a");
    const status = statusOf(loaded, "a");
    expect(readiness(status)).toStartWith("False ConfigurationError: Cannot listen on 127.0.0.1:7000: route ");
    expect(urlOf(status)).toBeUndefined();
    expect(loaded.diagnostics.map(({ file, severity, code }) => `${file} ${severity} ${code}`)).toEqual([
      "a.yaml warning plan/listen-conflict",
    ]);
    // A mistake of nobody: the file is good, and goes on when the port is free.
    expect(loaded.failed).toBe(false);
  });

  test("is the endpoint's once it is free", async () => {
    const loaded = await loads({ "z.yaml": ROUTE }, { "z.yaml": ROUTE, "a.yaml": A }, { "a.yaml": A });
    expect(listening(loaded)).toEqual(["agentendpoint/default/a"]);
    expect(readiness(statusOf(loaded, "a"))).toBe("True EndpointActive");
  });

  test("is another endpoint's with another host, where both stand for all addresses", async () => {
    const tcpHosts = new Map([
      ["one.example", undefined],
      ["two.example", undefined],
    ]);
    const text =
      agent("a", "tcp://one.example:7000", UP, {}, { day: 1 }) +
      agent("b", "tcp://two.example:7000", UP, {}, { day: 2 });
    const translated = await translateManifests(text, { tcpHosts });
    expect(readiness(translated.status("AgentEndpoint", "a"))).toBe("True EndpointActive");
    expect(readiness(translated.status("AgentEndpoint", "b"))).toContain("Cannot listen on *:7000");
  });

  test("is shared with nobody by an endpoint of plain TCP, also by name", async () => {
    const text =
      agent("a", "tcp://localhost:7000", UP, {}, { day: 1 }) + agent("b", "tls://one.example:7000", UP, {}, { day: 2 });
    const translated = await translateManifests(text, { bind: ["127.0.0.1"] });
    expect(readiness(translated.status("AgentEndpoint", "b"))).toStartWith(
      "False ConfigurationError: Cannot listen on",
    );
  });

  test("is shared with routes of other names by an endpoint of TLS", async () => {
    const route = 'listen: 7000\nbackends: ["10.0.0.9:1"]\ntls: {mode: passthrough, hostnames: [two.example]}\n';
    const loaded = await loads({ "a.yaml": agent("a", "tls://one.example:7000", UP), "b.yaml": route });
    expect(listening(loaded).toSorted()).toEqual(["agentendpoint/default/a", "b"]);
  });

  test("that cannot be bound is told in the status", async () => {
    const translated = await translateManifests(A, { bindErrorOf: () => TAKEN });
    expect(readiness(translated.status("AgentEndpoint", "a"))).toBe(
      "False ConfigurationError: Cannot listen on 127.0.0.1:7000: EADDRINUSE",
    );
  });
});
