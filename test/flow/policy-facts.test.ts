// What policies know of clients, and how often they are asked.

import { describe, expect, test } from "bun:test";

import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { EndpointsScene, forward, NOBODY, policy, rule, to } from "../support/endpoints-scene.ts";
import { eventually } from "../support/eventually.ts";
import { Peer } from "../support/peer.ts";
import { shows, tlsConnect, tlsPath } from "../support/tls-client.ts";
import { ends, routeAt, startTlsFlow } from "../support/tls-flow.ts";
import type { PolicyAction } from "../../src/resource/traffic-policy/policy.ts";

const A = "tcp://a.internal:1";

describe("a policy behind TLS that ends here", () => {
  test("knows the certificate that the client showed", async () => {
    await using backend = await startBackend(speaksFirst("in"));
    const metadata = { name: "${conn.tls.client.subject.common_name}", shown: "${has(conn.tls.client)}" };
    await using flow = await startTlsFlow({
      db: routeAt(0, backend, {
        ...ends("one", { clientAuth: { ca: tlsPath("ca.pem"), mode: "require" } }),
        policy: { on_tcp_connect: [{ actions: [{ type: "log", config: { metadata } }] }] },
      }),
    });
    await using client = await tlsConnect(await flow.port("db"), { servername: "one.example", ...shows("client") });
    await client.until(() => client.received > 0);
    client.reset();
    const { clientCert, policy: told } = await flow.log.record();
    expect(clientCert).toBe("billing");
    expect(told?.logs).toEqual([{ name: "billing", shown: true }]);
  });
});

describe("a rate limit", () => {
  test("counts a client once, also when the endpoint that it waits for is replaced meanwhile", async () => {
    await using one = await startBackend(echo);
    await using two = await startBackend(echo);
    const limit: PolicyAction = {
      type: "rate-limit",
      name: "three",
      enforce: true,
      capacity: 3,
      rateMs: 60_000,
      bucketKeys: [],
    };
    const front = { ...NOBODY, ...policy(rule("door", [limit, forward(A)])) };
    const [share] = to(one.port).pools;
    if (share === undefined) throw new Error("Expected a pool");
    const backends = share.spec.backends.map((backend) => ({ ...backend, maxConnections: 1 }));
    const full = { pools: [{ ...share, spec: { ...share.spec, backends } }] };
    await using scene = await EndpointsScene.start(front, { [`${A}#1`]: full });
    await using holder = await Peer.connect(scene.port);
    await holder.send("1");
    await holder.until(() => holder.text === "1");
    await using waiter = await Peer.connect(scene.port);
    await waiter.send("2");
    await eventually(() => scene.engine.snapshot().routes.some((route) => route.connectionsQueued === 1));
    await scene.apply(front, { [`${A}#2`]: to(two.port) });
    await waiter.until(() => waiter.text === "2");
    await using third = await Peer.connect(scene.port);
    await third.send("3").catch(() => undefined);
    await third.until(() => third.received > 0 || third.ending !== undefined);
    expect([third.text, third.ending]).toEqual(["3", undefined]);
  });
});

describe("many endpoints that share a URL", () => {
  test("stand in for each other, however many of them have nobody", async () => {
    await using backend = await startBackend(speaksFirst("in"));
    const gone = Array.from({ length: 200 }, (_, index) => [`${A}#${index}`, NOBODY] as const);
    const front = { ...NOBODY, ...policy(rule("door", [forward(A)])) };
    await using scene = await EndpointsScene.start(front, {
      ...Object.fromEntries(gone),
      [`${A}#good`]: to(backend.port),
    });
    const seen: string[] = [];
    for (let visits = 0; visits < 10; visits++) seen.push(await scene.visit());
    expect(new Set(seen)).toEqual(new Set(["in"]));
  });
});
