// Where endpoints are found: what their URL and binding make of them, which addresses they are given, and what is said of both.

import { describe, expect, test } from "bun:test";
import { AddressRegister } from "../../../src/app/address-register.ts";
import { AddressSpace } from "../../../src/app/address-space.ts";
import { memoryAllotments } from "../../../src/app/allotments.ts";
import { DEFAULT_TCP_HOSTS } from "../../../src/plan/gateway/options.ts";
import { agent, cloud, DENY, forwardTo, inline, readiness, urlOf } from "../../support/endpoint-documents.ts";
import { manifest } from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const UP = "tcp://10.0.0.1:5432";
const HOSTS = new Map<string, string | undefined>([
  ["1.tcp.example", undefined],
  ["2.tcp.example", "127.0.0.2"],
]);

/** Status and listeners of one AgentEndpoint. */
async function placed(url: string, more: Readonly<Record<string, unknown>> = {}) {
  const translated = await translateManifests(agent("a", url, UP, more), { tcpHosts: HOSTS });
  const status = translated.status("AgentEndpoint", "a");
  const listeners = translated.compiled.plan.listeners.map(({ name }) => name);
  return { url: urlOf(status), ready: readiness(status), listeners, said: translated.messages, translated };
}

describe("an endpoint", () => {
  test.each([
    ["tcp://1.tcp.example:7000", "tcp://1.tcp.example:7000", ["*:7000"]],
    ["tcp://1.TCP.example.:7000", "tcp://1.tcp.example:7000", ["*:7000"]],
    ["tcp://2.tcp.example:7000", "tcp://2.tcp.example:7000", ["127.0.0.2:7000"]],
    ["tcp://127.0.0.9:7000", "tcp://127.0.0.9:7000", ["127.0.0.9:7000"]],
    ["tcp://[::1]:7000", "tcp://[::1]:7000", ["[::1]:7000"]],
    ["tls://db.example.com", "tls://db.example.com:443", ["*:443"]],
    ["tls://db.example.com:9443", "tls://db.example.com:9443", ["*:9443"]],
    ["tls://*.example.com:9443", "tls://*.example.com:9443", ["*:9443"]],
    ["tcp://db.internal:5432", "tcp://db.internal:5432", []],
    ["tcp://*.internal:5432", "tcp://*.internal:5432", []],
    ["tls://db.prod.internal", "tls://db.prod.internal:443", []],
  ])("with %s is found at %s", async (url, assigned, listeners) => {
    const found = await placed(url);
    expect(found).toMatchObject({ url: assigned, listeners, ready: "True EndpointActive" });
  });

  test("of one port may be reached by IPs that --bind names", async () => {
    const { compiled } = await translateManifests(agent("a", "tls://db.example.com:9443", UP), { bind: ["127.0.0.3"] });
    expect(compiled.plan.listeners.map(({ name }) => name)).toEqual(["127.0.0.3:9443"]);
  });

  test("may say the binding that it has by its URL", async () => {
    expect((await placed("tcp://db.internal:1", { bindings: ["internal"] })).ready).toBe("True EndpointActive");
    expect((await placed("tcp://1.tcp.example:1", { bindings: ["public"] })).ready).toBe("True EndpointActive");
  });

  test("of a cluster is not served, and says why", async () => {
    const found = await placed("tcp://db.prod:5432", { bindings: ["kubernetes"] });
    expect(found).toMatchObject({ url: undefined, listeners: [] });
    expect(found.ready).toStartWith('False ConfigurationError: The binding "kubernetes" is not served');
    expect(found.said).toHaveLength(1);
    expect(found.translated.routes).toEqual([]);
  });

  test("at a host that nobody knows is told which flag would make it known", async () => {
    const found = await placed("tcp://db.example.com:5432");
    expect(found).toMatchObject({ url: undefined, listeners: [] });
    expect(found.ready).toContain("start with --tcp-host db.example.com, or with --tcp-host db.example.com=IP");
    expect(found.said).toEqual([
      `2: agentendpoint/configuration-error: ${found.ready.slice("False ConfigurationError: ".length)}`,
    ]);
  });
});

describe("an address that nobody reserved", () => {
  const NOTE =
    "1.tcp.example:7000 is not reserved: a TCPAddress with this host and port keeps it while this endpoint is away";
  const GIVEN_OUT = { tcpHosts: HOSTS, tcpPorts: [{ firstPort: 7000, lastPort: 7009 }] };

  test("is told of once, where its port may be given to somebody else", async () => {
    const { said, status } = await translateManifests(agent("a", "tcp://1.tcp.example:7000", UP), GIVEN_OUT);
    expect(said).toEqual(["2: agentendpoint/unreserved-address"]);
    const found = status("AgentEndpoint", "a");
    const [created] = "conditions" in found ? found.conditions : [];
    expect(created?.message).toBe(`tcp://1.tcp.example:7000 takes clients; ${NOTE}`);
  });

  test("is not told of where nobody is given its port by chance", async () => {
    expect((await placed("tcp://1.tcp.example:7000")).said).toEqual([]);
  });

  test("is not told of where a TCPAddress reserves it", async () => {
    const address = manifest("sallyport.dev/v1alpha1", "TCPAddress", "r", {
      spec: { host: "1.tcp.example", port: 7000 },
    });
    const options = { tcpHosts: HOSTS, tcpPorts: [{ firstPort: 7000, lastPort: 7009 }] };
    const { said } = await translateManifests(address + agent("a", "tcp://1.tcp.example:7000", UP), options);
    expect(said).toEqual([]);
  });

  test("is not told of where it is an IP, or a name that clients of TLS ask for", async () => {
    expect((await placed("tcp://127.0.0.1:7000")).said).toEqual([]);
    expect((await placed("tls://db.example.com")).said).toEqual([]);
  });
});

describe("an endpoint that takes any address", () => {
  const PORTS = [{ firstPort: 21_000, lastPort: 21_001 }];
  const OPTIONS = { tcpHosts: HOSTS, tcpPorts: PORTS };

  test("gets one of the range, which it keeps whatever comes before it", async () => {
    const allotments = memoryAllotments(new AddressRegister(new AddressSpace(OPTIONS)));
    const first = await translateManifests(agent("b", "tcp://", UP), { ...OPTIONS, allotments });
    const given = urlOf(first.status("AgentEndpoint", "b"));
    expect(given).toMatch(/^tcp:\/\/1\.tcp\.example:2100[01]$/);
    expect(first.compiled.plan.listeners.map(({ name }) => `tcp://1.tcp.example${name.slice(1)}`)).toEqual([
      given ?? "",
    ]);
    expect(first.said).toEqual([]);
    const older = agent("a", "tcp://", UP, {}, { day: 1 });
    const both = await translateManifests(older + agent("b", "tcp://", UP), { ...OPTIONS, allotments });
    expect(urlOf(both.status("AgentEndpoint", "b"))).toBe(given ?? "");
    expect(urlOf(both.status("AgentEndpoint", "a"))).not.toBe(given ?? "");
  });

  test("waits where the range is full, and the older ones have it", async () => {
    const text = [3, 1, 2].map((day) => cloud(`c${day}`, "tcp://", inline(DENY), { day })).join("");
    const translated = await translateManifests(text, OPTIONS);
    const [one, two, three] = [1, 2, 3].map((day) => translated.status("CloudEndpoint", `c${day}`));
    expect([one, two].map((status) => status && readiness(status))).toEqual([
      "True CloudEndpointActive",
      "True CloudEndpointActive",
    ]);
    expect(three && readiness(three)).toStartWith("False Pending: All ports of --tcp-ports 21000-21001 are taken");
    expect(three && urlOf(three)).toBeUndefined();
    expect(translated.said).toEqual(["2: cloudendpoint/pending"]);
  });

  test("does not get a port that another endpoint names", async () => {
    const text = agent("a", "tcp://1.tcp.example:21000", UP) + agent("b", "tcp://", UP);
    const translated = await translateManifests(text, OPTIONS);
    expect(urlOf(translated.status("AgentEndpoint", "b"))).toBe("tcp://1.tcp.example:21001");
  });

  test("keeps one that is outside of the range by now, and is told so", async () => {
    const register = new AddressRegister(new AddressSpace(OPTIONS));
    register.allotted.put("AgentEndpoint/default/a", { host: "1.tcp.example", port: 29_000 });
    const translated = await translateManifests(agent("a", "tcp://", UP), {
      ...OPTIONS,
      allotments: memoryAllotments(register),
    });
    expect(urlOf(translated.status("AgentEndpoint", "a"))).toBe("tcp://1.tcp.example:29000");
    expect(readiness(translated.status("AgentEndpoint", "a"))).toBe("True EndpointActive");
    expect(translated.said).toEqual(["2: agentendpoint/port-out-of-range"]);
  });

  test("is closed, and not opened to everybody, when its host is none of ours any more", async () => {
    const narrow = { tcpHosts: new Map([["2.tcp.example", "127.0.0.2"]]), tcpPorts: PORTS };
    const allotments = memoryAllotments(new AddressRegister(new AddressSpace(narrow)));
    const before = await translateManifests(agent("a", "tcp://", UP), { ...narrow, allotments });
    expect(before.compiled.plan.listeners.map(({ host }) => host)).toEqual(["127.0.0.2"]);
    const after = await translateManifests(agent("a", "tcp://", UP), {
      ...narrow,
      allotments,
      tcpHosts: DEFAULT_TCP_HOSTS,
    });
    expect(after.compiled.plan.listeners).toEqual([]);
    expect(readiness(after.status("AgentEndpoint", "a"))).toContain("--tcp-host 2.tcp.example");
  });
});

test("a name that a policy forwards to may be a pattern, and is found by it", async () => {
  const front = cloud("front", "tcp://127.0.0.1:7000", inline(forwardTo("tcp://a.db.internal:1")));
  const { compiled } = await translateManifests(front + agent("a", "tcp://*.db.internal:1", UP));
  expect(compiled.plan.internals?.map(({ scheme, port, endpoints }) => ({ scheme, port, endpoints }))).toEqual([
    { scheme: "tcp", port: 1, endpoints: [["agentendpoint/default/a"]] },
  ]);
});
