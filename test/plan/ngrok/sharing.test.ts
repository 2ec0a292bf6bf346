// Endpoints that want one URL: who may share it, who has it otherwise, and what those who lost it are told.

import { describe, expect, test } from "bun:test";
import {
  agent,
  caSecret,
  cloud,
  DENY,
  inline,
  loadBalancer,
  named,
  phase,
  reached,
  readiness,
  terminateTls,
  tlsSecret,
  trafficPolicy,
  urlOf,
} from "../../support/endpoint-documents.ts";
import { service, slice } from "../../support/gateway-documents.ts";
import { type Translated, translateManifests } from "../../support/translate-manifests.ts";

const URL = "tcp://127.0.0.1:7000";
const DOOR = `endpoint/${URL}`;
const UP = "tcp://10.0.0.1:5432";
const POOLED = { poolingEnabled: true, ...inline(DENY) };

/** Names of a door's members. */
function membersOf({ compiled }: Translated, door = DOOR): readonly string[] {
  return compiled.plan.routes.find(({ name }) => name === door)?.members ?? [];
}

/** Names of the routes that listen. */
function listening({ compiled }: Translated): readonly string[] {
  return compiled.plan.listeners.flatMap(({ entries }) => entries.map(({ route }) => route));
}

describe("endpoints with one URL", () => {
  test("share it when all of them may: agents always, others when they say so", async () => {
    const text =
      agent("a", URL, UP) +
      agent("b", URL, "tcp://10.0.0.2:5432") +
      cloud("c", URL, POOLED) +
      loadBalancer("s", { url: URL, "pooling-enabled": "true" });
    const translated = await translateManifests(text);
    expect(membersOf(translated).toSorted()).toEqual([
      "agentendpoint/default/a",
      "agentendpoint/default/b",
      "cloudendpoint/default/c",
      "service/default/s",
    ]);
    expect(listening(translated)).toEqual([DOOR]);
    expect(reached(translated, "agentendpoint/default/b")).toEqual(["10.0.0.2:5432"]);
    for (const [kind, name] of [
      ["AgentEndpoint", "a"],
      ["AgentEndpoint", "b"],
      ["CloudEndpoint", "c"],
    ] as const) {
      expect(readiness(translated.status(kind, name))).toStartWith("True ");
      expect(urlOf(translated.status(kind, name))).toBe(URL);
    }
    expect(translated.said).toEqual([]);
  });

  test("each have their own policy, and the door has none", async () => {
    const translated = await translateManifests(agent("a", URL, UP, inline(DENY)) + agent("b", URL, UP));
    const policies = translated.compiled.plan.routes.map(({ name, policy }) => [name, policy === undefined]);
    expect(policies).toEqual([
      [DOOR, true],
      ["agentendpoint/default/a", false],
      ["agentendpoint/default/b", true],
    ]);
  });

  test("are the oldest one's when one of them does not share", async () => {
    const text = cloud("young", URL, POOLED, { day: 2 }) + cloud("old", URL, inline(DENY), { day: 1 });
    const translated = await translateManifests(text);
    expect(listening(translated)).toEqual(["cloudendpoint/default/old"]);
    const young = translated.status("CloudEndpoint", "young");
    expect(urlOf(young)).toBeUndefined();
    expect(readiness(young)).toBe(
      `False ConfigurationError: CloudEndpoint "default/old" has the URL ${URL} already, and both need pooling to share it: CloudEndpoint "default/old" has it not enabled (ERR_NGROK_334)`,
    );
    expect(translated.said).toEqual(["2: cloudendpoint/configuration-error"]);
    const turned = cloud("young", URL, inline(DENY), { day: 2 }) + cloud("old", URL, POOLED, { day: 1 });
    expect(readiness((await translateManifests(turned)).status("CloudEndpoint", "young"))).toContain(
      "this one has it not",
    );
  });

  test("stay with whom they are, also when an older one comes", async () => {
    const running = cloud("new", URL, inline(DENY), { day: 9 });
    const { compiled } = await translateManifests(running);
    const older = cloud("old", URL, inline(DENY), { day: 1 });
    const after = await translateManifests(older + running, { previous: compiled.plan });
    expect(listening(after)).toEqual(["cloudendpoint/default/new"]);
    expect(readiness(after.status("CloudEndpoint", "old"))).toContain("(ERR_NGROK_334)");
    expect(listening(await translateManifests(older + running))).toEqual(["cloudendpoint/default/old"]);
  });

  test("inside are found together, and need no door", async () => {
    const inside = "tcp://db.internal:1";
    const text = agent("a", inside, UP) + agent("b", inside, UP) + cloud("c", inside, inline(DENY));
    const translated = await translateManifests(text);
    expect(translated.compiled.plan.internals?.map(({ endpoints }) => endpoints)).toEqual([
      [["agentendpoint/default/a", "agentendpoint/default/b"]],
    ]);
    expect(readiness(translated.status("CloudEndpoint", "c"))).toContain("(ERR_NGROK_334)");
  });

  test("and another one with a star in its name are two", async () => {
    const text = agent("a", "tls://a.example.com:7000", UP) + agent("b", "tls://*.example.com:7000", UP);
    const translated = await translateManifests(text);
    expect(listening(translated).toSorted()).toEqual(["agentendpoint/default/a", "agentendpoint/default/b"]);
  });

  test("do not get clients who would come in at their URL again", async () => {
    const loop = agent("loop", URL, "tcp://127.0.0.1:7000");
    const translated = await translateManifests(loop + agent("b", URL, UP));
    const why = '"127.0.0.1:7000" is where this route listens: every connection would open another one';
    expect(readiness(translated.status("AgentEndpoint", "loop"))).toBe(`False ConfigurationError: ${why}`);
    expect(readiness(translated.status("AgentEndpoint", "b"))).toBe("True EndpointActive");
    expect(reached(translated, "agentendpoint/default/loop")).toBe("no such route");
    const alone = await translateManifests(loop);
    expect(readiness(alone.status("AgentEndpoint", "loop"))).toBe(`False ConfigurationError: ${why}`);
  });

  test("give each its share although one has nobody", async () => {
    const none = service("none") + slice("none-1", "none", { endpoints: [] });
    const translated = await translateManifests(none + agent("a", URL, "tcp://none:5432") + agent("b", URL, UP));
    expect(membersOf(translated)).toHaveLength(2);
    expect(readiness(translated.status("AgentEndpoint", "a"))).toStartWith("False UpstreamError: ");
    expect(readiness(translated.status("AgentEndpoint", "b"))).toBe("True EndpointActive");
  });
});

describe("endpoints with one tls:// URL", () => {
  const TLS = "tls://one.example:7000";
  const door = `endpoint/${TLS}`;

  test("share it when their TLS ends alike, by whatever they say so", async () => {
    const text = tlsSecret("cert") + agent("a", TLS, UP, ends("cert")) + agent("b", TLS, UP, ends("cert"));
    const translated = await translateManifests(text);
    expect(membersOf(translated, door)).toHaveLength(2);
    const routes = translated.compiled.plan.routes.map(({ name, tls }) => [name, tls?.mode]);
    expect(routes).toEqual([
      [door, "terminate"],
      ["agentendpoint/default/a", undefined],
      ["agentendpoint/default/b", undefined],
    ]);
    const policy = trafficPolicy("p", phase(terminateTls()));
    const byPolicy = agent("a", TLS, UP, named("p")) + agent("b", TLS, UP, named("p"));
    expect(membersOf(await translateManifests(policy + byPolicy), door)).toHaveLength(2);
    const through = await translateManifests(agent("a", TLS, UP) + agent("b", TLS, UP));
    expect(membersOf(through, door)).toHaveLength(2);
  });

  test.each([
    ["by another certificate", ends("other")],
    ["not at all", {}],
    [
      "with certificates of clients",
      { tlsTermination: { ...ends("cert").tlsTermination, mutualTLS: { clientCAsRef: { name: "ca" } } } },
    ],
    ["by a policy with another certificate", inline(terminateTls("two"))],
  ])("do not when that of the younger ends otherwise: %s", async (_how, rest) => {
    const ca = caSecret("ca");
    const secrets = tlsSecret("cert") + tlsSecret("other", "two") + ca;
    const text = agent("a", TLS, UP, ends("cert"), { day: 1 }) + agent("b", TLS, UP, rest, { day: 2 });
    const translated = await translateManifests(secrets + text);
    expect(listening(translated)).toEqual(["agentendpoint/default/a"]);
    expect(readiness(translated.status("AgentEndpoint", "b"))).toContain(
      "endpoints that share a URL have one certificate",
    );
  });

  test("are not kept from anybody by one that lets nobody in, if its TLS would end alike", async () => {
    const closed = agent("a", TLS, UP, { ...ends("cert"), ...named("gone") }, { day: 1 });
    const text = closed + agent("b", TLS, UP, ends("cert"), { day: 2 });
    const translated = await translateManifests(tlsSecret("cert") + text);
    expect(membersOf(translated, door)).toHaveLength(2);
    const [first] = translated.compiled.plan.routes;
    expect(first).toMatchObject({ name: door, tls: { mode: "terminate" } });
    expect(readiness(translated.status("AgentEndpoint", "a"))).toStartWith("False TrafficPolicyError: ");
    expect(readiness(translated.status("AgentEndpoint", "b"))).toBe("True EndpointActive");
    expect(reached(translated, "agentendpoint/default/a")).toBeString();
  });

  test.each([
    ["its certificate is not there", ends("gone")],
    ["its policy, which could end TLS, is not there", named("gone")],
  ])("are the older one's also when that lets nobody in, because %s", async (_why, rest) => {
    const text = agent("a", TLS, UP, rest, { day: 1 }) + agent("b", TLS, UP, ends("cert"), { day: 2 });
    const translated = await translateManifests(tlsSecret("cert") + text);
    expect(listening(translated)).toEqual(["agentendpoint/default/a"]);
    expect(readiness(translated.status("AgentEndpoint", "b"))).toContain("ends TLS otherwise");
  });
});

function ends(name: string) {
  return { tlsTermination: { serverCertificateRef: { name } } };
}
