// What a traffic policy decides, over real sockets: who is let in, by which rule, and what is told of it.

import { describe, expect, test } from "bun:test";

import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { deny, EndpointsScene, policy, restrictIps, rule, to } from "../support/endpoints-scene.ts";
import { Peer } from "../support/peer.ts";
import type { PolicyAction } from "../../src/resource/traffic-policy/policy.ts";

describe("a policy", () => {
  test("that decides nothing lets clients in", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(rule("quiet", [deny], "false")) });
    expect(await scene.visit()).toBe("hello");
    expect(scene.verdicts()).toEqual([]);
    expect(await scene.log.record()).toMatchObject({ reason: "done", policy: { rule: undefined, logs: [], vars: {} } });
  });

  test("resets whom it denies before a backend hears of them, and says which rule it was", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(rule("nobody", [deny])) });
    expect(await scene.visit()).toBe("reset");
    expect(backend.peers).toHaveLength(0);
    expect(await scene.log.record()).toMatchObject({
      route: "front",
      reason: "denied-policy",
      detail: 'Rule "nobody"',
      policy: { rule: "nobody", verdict: "denied" },
    });
    expect(scene.verdicts()).toEqual(["nobody denied 1"]);
    expect(scene.engine.snapshot().connectionsActive).toBe(0);
  });

  test("does the actions of a rule only when all of its expressions hold", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const only2 = rule("only-2", [deny], 'conn.client_ip.startsWith("127.")', 'conn.client_ip == "127.0.0.2"');
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(only2) });
    expect(await scene.visit("127.0.0.1")).toBe("hello");
    expect(await scene.visit("127.0.0.2")).toBe("reset");
    expect(await scene.visit("127.0.0.3")).toBe("hello");
  });

  test("knows both ends of the connection", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using scene = await EndpointsScene.start({
      ...to(backend.port),
      ...policy(
        rule("told", [
          {
            type: "log",
            metadata: {
              from: "${conn.client_ip}:${conn.client_port}",
              at: "${conn.server_ip}:${conn.server_port}",
              url: "${endpoint.url}",
              count: "${1 + 2}",
              nested: [{ it: "${endpoint.protocol}" }, true, null, 4],
            },
          },
        ]),
      ),
    });
    await using client = await Peer.connect(scene.port);
    await client.until(() => client.received > 0);
    const from = `127.0.0.1:${client.socket.localPort}`;
    await client[Symbol.asyncDispose]();
    expect((await scene.log.record()).policy?.logs).toEqual([
      {
        from,
        at: `127.0.0.1:${scene.port}`,
        url: `tcp://127.0.0.1:${scene.port}`,
        count: 3,
        nested: [{ it: "tcp" }, true, null, 4],
      },
    ]);
  });

  test("keeps what it sets for its later rules and for the log", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const vars: PolicyAction = {
      type: "set-vars",
      vars: [
        { name: "n", value: "${2 * 3}" },
        { name: "text", value: "n is ${vars.n}" },
        { name: "list", value: ["127.0.0.2", "127.0.0.3"] },
      ],
    };
    await using scene = await EndpointsScene.start({
      ...to(backend.port),
      ...policy(rule("set", [vars]), rule("use", [deny], "vars.n == 6", "conn.client_ip in vars.list")),
    });
    expect(await scene.visit("127.0.0.1")).toBe("hello");
    expect(await scene.visit("127.0.0.3")).toBe("reset");
    const expected = { n: 6, text: "n is 6", list: ["127.0.0.2", "127.0.0.3"] };
    const records = [await scene.log.record(0), await scene.log.record(1)];
    expect(records.map((record) => record.policy?.vars)).toEqual([expected, expected]);
  });

  test("that fails refuses the client, and says where", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using scene = await EndpointsScene.start({
      ...to(backend.port),
      ...policy(rule("broken", [{ type: "log", metadata: {} }], "int(conn.client_ip) > 3")),
    });
    expect(await scene.visit()).toBe("reset");
    expect(backend.peers).toHaveLength(0);
    const { reason, detail } = await scene.log.record();
    expect(reason).toBe("denied-policy");
    expect(detail).toStartWith('Rule "broken" failed: ');
    expect(scene.verdicts()).toEqual(["broken failed 1"]);
  });

  test.each([
    ["an expression that is none", rule("r", [{ type: "log", metadata: {} }], "1 +")],
    ["an expression that comes to no truth", rule("r", [{ type: "log", metadata: {} }], "vars.x")],
    ["a text that is none", rule("r", [{ type: "log", metadata: { a: "${1 +}" } }])],
    ["an address that is none", rule("r", [restrictIps([], [], { allowTemplates: ["${'x' + 'y'}"] })])],
    ["a URL that is no text", rule("r", [{ type: "forward-internal", url: "${1}", onError: "halt" }])],
  ])("lets nobody in by %s", async (_what, broken) => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(broken) });
    expect(await scene.visit()).toBe("reset");
    expect(backend.peers).toHaveLength(0);
    expect((await scene.log.record()).reason).toBe("denied-policy");
  });

  test("counts for clients that come after it changed, and touches no live connection", async () => {
    await using backend = await startBackend(echo);
    await using scene = await EndpointsScene.start(to(backend.port));
    await using live = await Peer.connect(scene.port);
    await live.send("1");
    await live.until(() => live.text === "1");
    await scene.apply({ ...to(backend.port), ...policy(rule("nobody", [deny])) });
    expect(await scene.visit()).toBe("reset");
    await live.send("2");
    await live.until(() => live.text === "12");
    await scene.apply(to(backend.port));
    await using late = await Peer.connect(scene.port);
    await late.send("3");
    await late.until(() => late.text === "3");
  });
});

describe("restrict-ips", () => {
  test.each<[string, PolicyAction, string[]]>([
    ["lets in who is in allow", restrictIps(["127.0.0.2/32", "127.0.0.3"]), ["reset", "hello", "hello"]],
    ["keeps out who is in deny", restrictIps(["127.0.0.0/8"], ["127.0.0.2"]), ["hello", "reset", "hello"]],
    ["lets nobody in who is allowed by nothing", restrictIps([], ["127.0.0.2"]), ["reset", "reset", "reset"]],
    ["lets deny win", restrictIps(["127.0.0.0/8"], ["127.0.0.3"]), ["hello", "hello", "reset"]],
    [
      "reads entries with expressions for each client",
      restrictIps(["10.0.0.0/8"], [], {
        allowTemplates: ["${conn.client_ip == '127.0.0.3' ? '127.0.0.3/32' : '1.1.1.1'}"],
      }),
      ["reset", "reset", "hello"],
    ],
    [
      "takes lists from expressions",
      restrictIps([], [], { allowTemplates: ["${['127.0.0.1', '127.0.0.2/31']}"] }),
      ["hello", "hello", "hello"],
    ],
  ])("%s", async (_what, action, expected) => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(rule("ips", [action])) });
    const seen = [await scene.visit("127.0.0.1"), await scene.visit("127.0.0.2"), await scene.visit("127.0.0.3")];
    expect(seen).toEqual(expected);
  });

  test("that is not enforced only tells", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const dry = restrictIps(["10.0.0.0/8"], [], { enforce: false });
    const told: PolicyAction = { type: "log", metadata: { action: "${actions.ngrok.restrict_ips.action}" } };
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(rule("ips", [dry, told])) });
    expect(await scene.visit()).toBe("hello");
    expect(scene.verdicts()).toEqual(["ips would-deny 1"]);
    expect((await scene.log.record()).policy).toMatchObject({ verdict: "would-deny", logs: [{ action: "deny" }] });
  });

  test("looks through 100,000 prefixes", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const many = Array.from({ length: 99_999 }, (_, index) => `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`);
    const action = restrictIps([...many, "127.0.0.2"]);
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(rule("ips", [action])) });
    expect([await scene.visit("127.0.0.1"), await scene.visit("127.0.0.2")]).toEqual(["reset", "hello"]);
  });
});

function limit(more: object = {}): PolicyAction {
  const few = { type: "rate-limit", name: "few", enforce: true, capacity: 2 } as const;
  return { ...few, rateMs: 86_400_000, bucketKeys: ["conn.client_ip"], ...more };
}

describe("rate-limit", () => {
  test("refuses the clients of a source beyond its capacity", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(rule("few", [limit()])) });
    const seen: string[] = [];
    for (let index = 0; index < 3; index++) seen.push(await scene.visit("127.0.0.1"));
    seen.push(await scene.visit("127.0.0.2"));
    expect(seen).toEqual(["hello", "hello", "reset", "hello"]);
    expect(scene.verdicts()).toEqual(["few limited 1"]);
    expect(scene.log.records.map(({ reason }) => reason)).toContain("denied-rate");
  });

  test("goes on counting when a reload leaves it as it is", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const few = rule("few", [limit()]);
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(few) });
    expect([await scene.visit(), await scene.visit()]).toEqual(["hello", "hello"]);
    await scene.apply({ ...to(backend.port), ...policy(few, rule("another", [deny], "false")) });
    expect(await scene.visit()).toBe("reset");
  });

  test("counts a client once for each time that it is written, also when two say the same", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const twice = rule("few", [limit(), limit()]);
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(twice) });
    expect([await scene.visit(), await scene.visit(), await scene.visit()]).toEqual(["hello", "hello", "reset"]);
  });

  test("that is not enforced only tells", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const dry = limit({ capacity: 1, enforce: false });
    await using scene = await EndpointsScene.start({ ...to(backend.port), ...policy(rule("few", [dry])) });
    expect([await scene.visit(), await scene.visit()]).toEqual(["hello", "hello"]);
    expect(scene.verdicts()).toEqual(["few would-limit 1"]);
  });
});
