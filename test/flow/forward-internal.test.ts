// Policies that forward to internal endpoints, and endpoints that share a URL, over real sockets: who gets the client, who gets it when
// nobody is there, and that nothing goes on after a decision.

import { describe, expect, test } from "bun:test";

import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { deny, EndpointsScene, forward, NOBODY, policy, rule, to } from "../support/endpoints-scene.ts";
import { freePort } from "../support/free-port.ts";
import { Peer } from "../support/peer.ts";
import { share } from "../support/shared-route.ts";
import type { PolicyAction } from "../../src/resource/traffic-policy/policy.ts";

const A = "tcp://a.internal:1";
const B = "tcp://b.internal:1";

/** Forwards everybody there. */
function door(...actions: readonly PolicyAction[]) {
  return { ...NOBODY, ...policy(rule("door", actions)) };
}

describe("forward-internal", () => {
  test("hands clients to the endpoint's backends, both ways and with FIN", async () => {
    await using backend = await startBackend(echo);
    await using scene = await EndpointsScene.start(door(forward(A)), { [A]: to(backend.port) });
    await using client = await Peer.connect(scene.port);
    await client.send("ping");
    client.socket.end();
    await client.until(() => client.ending === "fin");
    expect(client.text).toBe("ping");
    expect(await scene.log.record()).toMatchObject({
      route: "front",
      backend: `127.0.0.1:${backend.port}`,
      reason: "done",
      policy: { rule: "door", verdict: "forwarded" },
    });
    expect(scene.verdicts()).toEqual(["door forwarded 1"]);
  });

  test("reads its URL for each client", async () => {
    await using a = await startBackend(speaksFirst("a"));
    await using b = await startBackend(speaksFirst("b"));
    const url = "tcp://${conn.client_ip == '127.0.0.2' ? 'b' : 'a'}.internal:1";
    await using scene = await EndpointsScene.start(door(forward(url)), { [A]: to(a.port), [B]: to(b.port) });
    expect([await scene.visit("127.0.0.1"), await scene.visit("127.0.0.2")]).toEqual(["a", "b"]);
  });

  test("prefers an endpoint of just this name to one with a star, and knows schemes and ports apart", async () => {
    await using exact = await startBackend(speaksFirst("exact"));
    await using any = await startBackend(speaksFirst("any"));
    await using other = await startBackend(speaksFirst("other"));
    const url = "tcp://${conn.client_ip == '127.0.0.2' ? 'x' : 'a'}.internal:${conn.client_ip == '127.0.0.3' ? 2 : 1}";
    await using scene = await EndpointsScene.start(door(forward(url)), {
      [A]: to(exact.port),
      "tcp://*.internal:1": to(any.port),
      "tcp://a.internal:2": to(other.port),
      "tls://a.internal:1": to(1),
    });
    const seen = [await scene.visit("127.0.0.1"), await scene.visit("127.0.0.2"), await scene.visit("127.0.0.3")];
    expect(seen).toEqual(["exact", "any", "other"]);
  });

  test("asks the endpoint's own policy, which knows the endpoint and none of the first one's variables", async () => {
    await using backend = await startBackend(speaksFirst("a"));
    const set: PolicyAction = { type: "set-vars", vars: [{ name: "x", value: "${1}" }] };
    const inside = policy(
      rule("told", [{ type: "log", metadata: { url: "${endpoint.url}", knows: "${has(vars.x)}" } }]),
      rule("not-2", [deny], "conn.client_ip == '127.0.0.2'"),
    );
    await using scene = await EndpointsScene.start(door(set, forward(A)), { [A]: { ...to(backend.port), ...inside } });
    expect([await scene.visit("127.0.0.1"), await scene.visit("127.0.0.2")]).toEqual(["a", "reset"]);
    expect((await scene.log.record()).policy?.logs).toEqual([{ url: A, knows: false }]);
    expect(scene.verdicts(A)).toEqual(["not-2 denied 1"]);
  });

  test("refuses when there is no such endpoint, and says which", async () => {
    await using scene = await EndpointsScene.start(door(forward("tcp://nobody.internal:1")));
    expect(await scene.visit()).toBe("reset");
    expect(await scene.log.record()).toMatchObject({
      reason: "no-backend",
      detail: "There is no endpoint tcp://nobody.internal:1",
    });
  });

  test.each(["tcp://example.com:1", "http://a.internal:1", "tcp://", "tcp://*.internal:1", "nonsense"])(
    "goes nowhere by the URL %s",
    async (url) => {
      await using backend = await startBackend(speaksFirst("a"));
      await using scene = await EndpointsScene.start(door(forward(url)), { [A]: to(backend.port) });
      expect(await scene.visit()).toBe("reset");
      expect((await scene.log.record()).reason).toBe("denied-policy");
    },
  );

  test("goes on with the next action when nobody is reached, if it is told to", async () => {
    await using backend = await startBackend(speaksFirst("b"));
    const told: PolicyAction = {
      type: "log",
      metadata: { url: "${actions.ngrok.forward_internal.url}", code: "${actions.ngrok.forward_internal.error.code}" },
    };
    const front = door(forward(A, "continue"), told, forward(B, "continue"), deny);
    await using scene = await EndpointsScene.start(front, { [A]: to(freePort()), [B]: to(backend.port) });
    expect(await scene.visit()).toBe("b");
    const { policy: told_, backend: reached } = await scene.log.record();
    expect(reached).toBe(`127.0.0.1:${backend.port}`);
    expect(told_?.logs).toEqual([{ url: A, code: "ERR_NGROK_3200" }]);
    expect(scene.verdicts()).toEqual(["door forwarded 2", "door unreachable 1"]);
  });

  test("ends with the first one that nobody is reached at, if it is told nothing", async () => {
    await using backend = await startBackend(speaksFirst("b"));
    await using scene = await EndpointsScene.start(door(forward(A), forward(B)), {
      [A]: to(freePort()),
      [B]: to(backend.port),
    });
    expect(await scene.visit()).toBe("reset");
    expect((await scene.log.record()).reason).toBe("dial-refused");
    expect(backend.peers).toHaveLength(0);
  });

  test("does not go on after an endpoint's policy has refused the client", async () => {
    await using backend = await startBackend(speaksFirst("b"));
    const front = door(forward(A, "continue"), forward(B, "continue"));
    const closed = { ...to(backend.port), ...policy(rule("closed", [deny])) };
    await using scene = await EndpointsScene.start(front, { [A]: closed, [B]: to(backend.port) });
    expect(await scene.visit()).toBe("reset");
    expect(await scene.log.record()).toMatchObject({ reason: "denied-policy", policy: { rule: "closed" } });
    expect(backend.peers).toHaveLength(0);
  });

  test("in a circle ends, and refuses the client", async () => {
    await using scene = await EndpointsScene.start(door(forward(A)), {
      [A]: door(forward(B, "continue")),
      [B]: door(forward(A, "continue")),
    });
    expect(await scene.visit()).toBe("reset");
    expect((await scene.log.record()).reason).toBe("denied-policy");
  });

  test("follows endpoints as they come and go, and touches no live connection", async () => {
    await using a = await startBackend(echo);
    await using b = await startBackend(speaksFirst("b"));
    await using scene = await EndpointsScene.start(door(forward(A)), { [A]: to(a.port) });
    await using live = await Peer.connect(scene.port);
    await live.send("1");
    await live.until(() => live.text === "1");
    await scene.apply(door(forward(A)), { [A]: to(b.port) });
    expect(await scene.visit()).toBe("b");
    await scene.apply(door(forward(A)));
    expect(await scene.visit()).toBe("reset");
    await live.send("2");
    await live.until(() => live.text === "12");
  });
});

describe("endpoints that share a URL", () => {
  test("get clients at random", async () => {
    await using a = await startBackend(speaksFirst("a"));
    await using b = await startBackend(speaksFirst("b"));
    await using scene = await EndpointsScene.start(door(forward(A)), {
      [`${A}#1`]: to(a.port),
      [`${A}#2`]: to(b.port),
    });
    const seen = new Set<string>();
    while (seen.size < 2) seen.add(await scene.visit());
    expect([...seen].toSorted()).toEqual(["a", "b"]);
  });

  test("stand in for one that has no backend", async () => {
    await using b = await startBackend(speaksFirst("b"));
    await using scene = await EndpointsScene.start(door(forward(A)), {
      [`${A}#1`]: to(freePort()),
      [`${A}#2`]: to(b.port),
      [`${A}#3`]: NOBODY,
    });
    for (let visit = 0; visit < 12; visit++) expect(await scene.visit()).toBe("b");
  });

  test("on a port of their own are asked for their policies, each its own", async () => {
    await using a = await startBackend(speaksFirst("a"));
    await using b = await startBackend(speaksFirst("b"));
    const front = { pools: [], members: [`${A}#1`, `${A}#2`] };
    await using scene = await EndpointsScene.start(front, {
      [`${A}#1`]: { ...to(a.port), ...policy(rule("closed", [deny])) },
      [`${A}#2`]: to(b.port),
    });
    const seen = new Set<string>();
    while (seen.size < 2) seen.add(await scene.visit());
    expect([...seen].toSorted()).toEqual(["b", "reset"]);
    expect(a.peers).toHaveLength(0);
  });

  test("refuse when none is left, with the last one's reason", async () => {
    const front = { pools: [], members: [`${A}#1`, `${A}#2`] };
    await using scene = await EndpointsScene.start(front, {
      [`${A}#1`]: to(freePort()),
      [`${A}#2`]: { pools: [share("", 1, [freePort()])] },
    });
    expect(await scene.visit()).toBe("reset");
    expect((await scene.log.record()).reason).toBe("dial-refused");
  });

  test("that are no more leave a door that refuses", async () => {
    await using scene = await EndpointsScene.start({ pools: [], members: ["gone"] });
    expect(await scene.visit()).toBe("reset");
    expect((await scene.log.record()).reason).toBe("no-backend");
  });
});
