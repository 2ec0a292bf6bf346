// Clients of AgentEndpoints and of Services of type LoadBalancer over real sockets: who gets them, and what a reload does to those who
// are there.

import { describe, expect, test } from "bun:test";
import {
  agent,
  DENY,
  inline,
  ipPolicy,
  loadBalancer,
  named,
  phase,
  restrictTo,
  trafficPolicy,
} from "../support/endpoint-documents.ts";
import { speaksFirst, startBackend } from "../support/backend.ts";
import { apply, startEndpoints, upstreamAt, withdraw } from "../support/endpoints-flow.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { service, slice } from "../support/gateway-documents.ts";
import { Peer } from "../support/peer.ts";
import { deadPort, DEAD_HOST, lettered, visit } from "../support/visit.ts";

/** The Service `db` with an endpoint here. */
function serviceAt({ port }: { readonly port: number }): string {
  return service("db") + slice("db-1", "db", { endpoints: [{ addresses: ["127.0.0.1"] }], ports: [{ port }] });
}

describe("an AgentEndpoint", () => {
  test("passes its clients on to its upstream, both ways and with FIN", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    await using flow = await startEndpoints({ a: agent("a", `tcp://localhost:${port}`, upstreamAt(backend)) });
    await using client = await Peer.connect(port);
    await client.send("ping");
    client.finish();
    expect(await client.end()).toBe("fin");
    expect(client.text).toBe("aping");
    await eventually(() => flow.log.records.length === 1);
    expect(flow.log.records[0]).toMatchObject({
      route: "agentendpoint/default/a",
      backend: `127.0.0.1:${backend.port}`,
      reason: "done",
    });
  });

  test("passes them on to the endpoints of a Service, as these come and go", async () => {
    await using one = await lettered("1");
    await using two = await lettered("2");
    const port = freePort();
    await using flow = await startEndpoints({
      a: agent("a", `tcp://localhost:${port}`, "tcp://db:5432"),
      db: serviceAt(one),
    });
    expect(await visit(port)).toBe("1");
    await apply(flow, "db", serviceAt(two));
    expect(await visit(port)).toBe("2");
    await apply(flow, "db", service("db") + slice("db-1", "db", { endpoints: [] }));
    expect(await visit(port)).toBe("reset");
    await apply(flow, "db", serviceAt(one));
    expect(await visit(port)).toBe("1");
  });

  test("on any address is found where its status says", async () => {
    await using backend = await lettered("a");
    await using flow = await startEndpoints({ a: agent("a", "tcp://", upstreamAt(backend)) });
    expect(await visit(await flow.port("agentendpoint/default/a"))).toBe("a");
  });

  test("asks its policy about each client, by address", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    const restricted = inline(restrictTo({ ip_policies: ["office"] }));
    await using flow = await startEndpoints({
      a: agent("a", `tcp://127.0.0.1:${port}`, upstreamAt(backend), restricted),
      office: ipPolicy("office", "allow 127.0.0.0/30", "deny 127.0.0.2/32"),
    });
    const see = async () => Promise.all(["127.0.0.1", "127.0.0.2", "127.0.0.9"].map((from) => visit(port, from)));
    expect(await see()).toEqual(["a", "reset", "reset"]);
    await apply(flow, "office", ipPolicy("office", "allow 127.0.0.2/32"));
    expect(await see()).toEqual(["reset", "a", "reset"]);
    // Nobody knows any more who may.
    await withdraw(flow, "office");
    expect(await see()).toEqual(["reset", "reset", "reset"]);
  });

  test("keeps those who are there when its policy changes, goes or has mistakes", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    const written = agent("a", `tcp://127.0.0.1:${port}`, upstreamAt(backend), named("p"));
    await using flow = await startEndpoints({
      a: written,
      p: trafficPolicy("p", phase({ type: "log", config: { metadata: { a: "b" } } })),
    });
    await using client = await Peer.connect(port);
    expect(await client.read(1)).toBe("a");
    await apply(flow, "p", trafficPolicy("p", phase(DENY)));
    expect(await visit(port)).toBe("reset");
    await apply(flow, "p", trafficPolicy("p", phase({ type: "denie" })));
    expect(await visit(port)).toBe("reset");
    await withdraw(flow, "a");
    await eventually(async () => (await flow.view.engine()).listeners.length === 0);
    await client.send("still");
    expect(await client.read(6)).toBe("astill");
  });

  test("that goes and comes back is where it was, and so is one on any address", async () => {
    await using backend = await lettered("a");
    const port = freePort();
    const any = agent("any", "tcp://", upstreamAt(backend));
    const written = agent("a", `tcp://127.0.0.1:${port}`, upstreamAt(backend));
    await using flow = await startEndpoints({ a: written, any });
    const given = await flow.port("agentendpoint/default/any");
    await withdraw(flow, "a");
    await apply(flow, "a", written);
    expect([await visit(port), await visit(given)]).toEqual(["a", "a"]);
    expect(await flow.port("agentendpoint/default/any")).toBe(given);
  });

  test("whose upstream has stopped resets its clients, and serves them when it is back", async () => {
    const at = { host: DEAD_HOST, port: await deadPort() };
    const first = await startBackend(speaksFirst("a"), at);
    const port = freePort();
    const upstream = `tcp://${at.host}:${at.port}`;
    await using flow = await startEndpoints({ a: agent("a", `tcp://127.0.0.1:${port}`, upstream) });
    expect(await visit(port)).toBe("a");
    await first.close();
    expect(await visit(port)).toBe("reset");
    await eventually(() => flow.log.records.length === 2);
    expect(flow.log.records[1]?.reason).toBe("dial-refused");
    await using _again = await startBackend(speaksFirst("b"), at);
    await eventually(async () => (await visit(port)) === "b");
  });

  test("with mistakes in its document has its port, and lets nobody in", async () => {
    const port = freePort();
    const broken = agent("a", `tcp://127.0.0.1:${port}`, "nowhere");
    await using flow = await startEndpoints({ a: broken }, { mayBreak: true });
    expect(await visit(port)).toBe("reset");
    await using backend = await lettered("a");
    await apply(flow, "a", agent("a", `tcp://127.0.0.1:${port}`, upstreamAt(backend)));
    expect(await visit(port)).toBe("a");
    // What was good goes on.
    await apply(flow, "a", broken);
    expect(await visit(port)).toBe("a");
  });
});

test("a Service of type LoadBalancer takes clients for its own endpoints", async () => {
  await using backend = await lettered("a");
  const port = freePort();
  const place = slice("lb-1", "lb", { endpoints: [{ addresses: ["127.0.0.1"] }], ports: [{ port: backend.port }] });
  await using flow = await startEndpoints({ lb: loadBalancer("lb", { url: `tcp://127.0.0.1:${port}` }) + place });
  expect(await visit(port)).toBe("a");
  await apply(flow, "lb", loadBalancer("lb", { url: `tcp://127.0.0.1:${port}`, bindings: "everywhere" }) + place);
  expect(await visit(port)).toBe("reset");
});
