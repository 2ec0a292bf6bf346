// Endpoints that pass clients on to other endpoints, and endpoints that share a URL, over real sockets.

import { describe, expect, test } from "bun:test";
import { agent, cloud, DENY, forwardTo, inline, restrictTo } from "../support/endpoint-documents.ts";
import { apply, startEndpoints, upstreamAt, withdraw } from "../support/endpoints-flow.ts";
import { freePort } from "../support/free-port.ts";
import { service, slice } from "../support/gateway-documents.ts";
import { Peer } from "../support/peer.ts";
import { deadPort, DEAD_HOST, lettered, visit, visits } from "../support/visit.ts";

describe("endpoints that share a URL", () => {
  test("each get clients, and those of one that is dead go to the others", async () => {
    await using one = await lettered("1");
    await using two = await lettered("2");
    const url = `tcp://127.0.0.1:${freePort()}`;
    const port = Number(url.split(":").at(-1));
    const dead = `tcp://${DEAD_HOST}:${await deadPort()}`;
    await using flow = await startEndpoints({
      one: agent("one", url, upstreamAt(one)),
      two: agent("two", url, upstreamAt(two)),
    });
    expect(Object.keys(await visits(port, 40)).toSorted()).toEqual(["1", "2"]);
    await apply(flow, "dead", agent("dead", url, dead));
    const seen = await visits(port, 40);
    expect(seen["reset"]).toBeUndefined();
    expect((seen["1"] ?? 0) + (seen["2"] ?? 0)).toBe(40);
  });

  test("lose nobody who is there when one comes or goes", async () => {
    await using one = await lettered("1");
    await using two = await lettered("2");
    const port = freePort();
    const url = `tcp://127.0.0.1:${port}`;
    await using flow = await startEndpoints({ one: agent("one", url, upstreamAt(one)) });
    await using client = await Peer.connect(port);
    expect(await client.read(1)).toBe("1");
    await apply(flow, "two", agent("two", url, upstreamAt(two)));
    expect(Object.keys(await visits(port, 40)).toSorted()).toEqual(["1", "2"]);
    await withdraw(flow, "one");
    expect(await visits(port, 5)).toEqual({ "2": 5 });
    await client.send("x");
    expect(await client.read(2)).toBe("1x");
  });

  test("ask the policy of the one that a client gets", async () => {
    await using backend = await lettered("1");
    const port = freePort();
    const url = `tcp://127.0.0.1:${port}`;
    const closed = cloud("closed", url, { poolingEnabled: true, ...inline(DENY) });
    await using _flow = await startEndpoints({ open: agent("open", url, upstreamAt(backend)), closed });
    expect(Object.keys(await visits(port, 40)).toSorted()).toEqual(["1", "reset"]);
  });
});

describe("a CloudEndpoint", () => {
  test("gives each endpoint inside its share, by the policy that the operator makes", async () => {
    await using one = await lettered("1");
    await using two = await lettered("2");
    const port = freePort();
    const policy = {
      on_tcp_connect: [
        {
          name: "Initialize-Local-Service-Match",
          actions: [{ type: "set-vars", config: { vars: [{ request_matched_local_svc: false }] } }],
        },
        {
          name: "Gen-Random-Number",
          expressions: ["vars.request_matched_local_svc == false"],
          actions: [{ type: "set-vars", config: { vars: [{ weighted_route_random_num: "${rand.int(0,3)}" }] } }],
        },
        { name: "Generated-Route", expressions: range(0, 2), actions: [forwardTo("tcp://one.internal:1")] },
        { name: "Generated-Route", expressions: range(3, 3), actions: [forwardTo("tcp://two.internal:1")] },
      ],
    };
    await using _flow = await startEndpoints({
      front: cloud("front", `tcp://127.0.0.1:${port}`, { trafficPolicy: { inline: policy } }),
      one: inside("one", one),
      two: inside("two", two),
    });
    const seen = await visits(port, 200);
    expect(Object.keys(seen).toSorted()).toEqual(["1", "2"]);
    expect(seen["1"] ?? 0).toBeGreaterThan(seen["2"] ?? 0);
  });

  test("goes on to the next endpoint when nobody is reached, if it is told to", async () => {
    await using standby = await lettered("s");
    const port = freePort();
    const front = cloud(
      "front",
      `tcp://127.0.0.1:${port}`,
      inline(forwardTo("tcp://primary.internal:1", { on_error: "continue" }), forwardTo("tcp://standby.internal:1")),
    );
    await using flow = await startEndpoints({ front, standby: inside("standby", standby) });
    // There is no primary yet, then it is dead, then it is there.
    expect(await visit(port)).toBe("s");
    await apply(
      flow,
      "primary",
      agent("primary", "tcp://primary.internal:1", `tcp://${DEAD_HOST}:${await deadPort()}`),
    );
    expect(await visit(port)).toBe("s");
    await using primary = await lettered("p");
    await apply(flow, "primary", inside("primary", primary));
    expect(await visit(port)).toBe("p");
    await withdraw(flow, "standby");
    expect(await visit(port)).toBe("p");
  });

  test("is decided about by the policy of the endpoint inside, too", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    const only = inline(restrictTo({ allow: ["127.0.0.2/32"] }));
    await using _flow = await startEndpoints({
      front: cloud("front", `tcp://127.0.0.1:${port}`, inline(forwardTo("tcp://a.internal:1"))),
      a: inside("a", backend, only),
    });
    expect([await visit(port, "127.0.0.1"), await visit(port, "127.0.0.2")]).toEqual(["reset", "a"]);
  });

  test("shares clients among endpoints inside that have one URL", async () => {
    await using one = await lettered("1");
    await using two = await lettered("2");
    const port = freePort();
    await using _flow = await startEndpoints({
      front: cloud("front", `tcp://127.0.0.1:${port}`, inline(forwardTo("tcp://db.internal:1"))),
      one: agent("one", "tcp://db.internal:1", upstreamAt(one)) + agent("two", "tcp://db.internal:1", upstreamAt(two)),
    });
    expect(Object.keys(await visits(port, 40)).toSorted()).toEqual(["1", "2"]);
  });
});

test("an AgentEndpoint whose own upstream has nobody still forwards to those whom its policy names", async () => {
  await using other = await lettered("o");
  const port = freePort();
  const gone = service("gone") + slice("gone-1", "gone", { endpoints: [] });
  const front = agent("front", `tcp://127.0.0.1:${port}`, "tcp://gone:5432", {
    trafficPolicy: {
      inline: {
        on_tcp_connect: [
          { expressions: ["conn.client_ip == '127.0.0.2'"], actions: [forwardTo("tcp://o.internal:1")] },
        ],
      },
    },
  });
  await using _flow = await startEndpoints(
    { front: gone + front, o: agent("o", "tcp://o.internal:1", upstreamAt(other)) },
    { mayBreak: true },
  );
  expect([await visit(port, "127.0.0.2"), await visit(port, "127.0.0.1")]).toEqual(["o", "reset"]);
});

/** An endpoint that policies forward to as `tcp://NAME.internal:1`. */
function inside(name: string, backend: { readonly port: number }, more = {}): string {
  return agent(name, `tcp://${name}.internal:1`, upstreamAt(backend), more);
}

/** Conditions of one share, as ngrok's operator writes them. */
function range(low: number, high: number): readonly string[] {
  return [
    "vars.request_matched_local_svc == false",
    `int(vars.weighted_route_random_num) >= ${low} && int(vars.weighted_route_random_num) <= ${high}`,
  ];
}
