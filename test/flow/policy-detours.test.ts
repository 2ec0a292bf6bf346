// Ways around a policy: the endpoint that let a client in is gone by the time the client goes on, requests that no policy is asked
// about, and addresses that are written in another way than the policy expects.

import { describe, expect, test } from "bun:test";

import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { freePort } from "../support/free-port.ts";
import { manifest } from "../support/gateway-documents.ts";
import { Peer } from "../support/peer.ts";
import { type PlayedPostgres, startPlayedPostgres } from "../support/played-postgres.ts";
import { ask, askForTls, begin, cancel, STARTUP, startup } from "../support/postgres-client.ts";
import { TLS_FIXTURES } from "../support/tls-front.ts";
import { visit } from "../support/visit.ts";

const API = "ngrok.k8s.ngrok.com/v1alpha1";
const INSIDE = "tcp://db.internal:5432";
const KEY = "0000002a00c0ffee";
const LISTEN = "127.0.0.1:0";

const deny = { type: "deny" };

function forwardTo(url: string) {
  return { type: "forward-internal", config: { url } };
}

/** A policy of one rule. */
function policy(action: object, ...expressions: readonly string[]) {
  return { on_tcp_connect: [{ name: "only", expressions, actions: [action] }] };
}

/** An internal endpoint that sends its clients on, by a policy. */
function relay(name: string, url: string, action: object): string {
  return manifest(API, "CloudEndpoint", name, { spec: { url, trafficPolicy: { inline: policy(action) } } });
}

function agent(name: string, url: string, { port }: { readonly port: number }): string {
  return manifest(API, "AgentEndpoint", name, { spec: { url, upstream: { url: `tcp://127.0.0.1:${port}` } } });
}

/** An internal endpoint whose backend takes one connection at a time. */
function onePlace({ port }: { readonly port: number }): string {
  return (
    manifest("v1", "Service", "db", { spec: { ports: [{ port: 5432, targetPort: port }] } }) +
    manifest("discovery.k8s.io/v1", "EndpointSlice", "db", {
      metadata: { name: "db", labels: { "kubernetes.io/service-name": "db" } },
      addressType: "IPv4",
      ports: [{ port }],
      endpoints: [{ addresses: ["127.0.0.1"] }],
    }) +
    manifest("sallyport.dev/v1alpha1", "BackendPolicy", "one", {
      spec: { targetRefs: [{ group: "", kind: "Service", name: "db" }], maxConnections: 1 },
    }) +
    manifest(API, "AgentEndpoint", "db", { spec: { url: INSIDE, upstream: { url: "tcp://db:5432" } } })
  );
}

/** Two clients of a port: one that has the only place, and one that waits for it. */
async function holderAndWaiter(flow: FlowGateway, port: number): Promise<{ holder: Peer; waiter: Peer }> {
  const holder = await Peer.connect(port);
  await holder.send("1");
  await holder.until(() => holder.text === "1");
  const waiter = await Peer.connect(port);
  await waiter.send("2");
  await eventually(async () => (await flow.view.engine()).routes.some((route) => route.connectionsQueued === 1));
  return { holder, waiter };
}

/** What it gets, or how it ends. */
async function outcome(client: Peer): Promise<string> {
  await client.until(() => client.received > 0 || client.ending !== undefined);
  return client.received > 0 ? client.text : (client.ending ?? "nothing");
}

describe("a client that waits in the queue of an internal endpoint", () => {
  test("is refused when the endpoint that forwarded it is replaced by one that denies it", async () => {
    await using backend = await startBackend(echo);
    const port = freePort();
    const door = { listen: `127.0.0.1:${port}`, backends: ["127.0.0.1:1"] };
    await using flow = await startFlow({
      "inside.yaml": onePlace(backend),
      "door.yaml": { ...door, policy: policy(forwardTo(INSIDE)) },
    });
    const { holder, waiter } = await holderAndWaiter(flow, port);
    await flow.remove("door.yaml");
    await flow.write("stricter.yaml", JSON.stringify({ ...door, policy: policy(deny) }));
    await flow.reload();
    holder.reset();
    expect(await outcome(waiter)).toBe("reset");
    expect(backend.peers).toHaveLength(1);
    await waiter[Symbol.asyncDispose]();
  });

  test("is refused when an endpoint on its way is gone", async () => {
    await using backend = await startBackend(echo);
    const port = freePort();
    await using flow = await startFlow({
      "inside.yaml": onePlace(backend),
      "middle.yaml": relay("middle", "tcp://middle.internal:1", forwardTo(INSIDE)),
      "door.yaml": {
        listen: `127.0.0.1:${port}`,
        backends: ["127.0.0.1:1"],
        policy: policy(forwardTo("tcp://middle.internal:1")),
      },
    });
    const { holder, waiter } = await holderAndWaiter(flow, port);
    await flow.remove("middle.yaml");
    await flow.reload();
    expect(await visit(port)).toBe("reset");
    holder.reset();
    expect(await outcome(waiter)).toBe("reset");
    await waiter[Symbol.asyncDispose]();
  });
});

describe("a client that has not said yet which session it wants", () => {
  test("is refused when its route is replaced by one that denies it", async () => {
    await using server = await startPlayedPostgres({ key: KEY });
    const port = freePort();
    const route = (action: object) => ({
      listen: `127.0.0.1:${port}`,
      protocol: "postgres",
      backends: ["127.0.0.1:1"],
      tls: {
        mode: "terminate",
        hostnames: ["one.example"],
        certificate: TLS_FIXTURES.at("one.pem"),
        key: TLS_FIXTURES.at("one.key"),
      },
      policy: policy(action),
    });
    await using flow = await startFlow({
      "inside.yaml": agent("db", INSIDE, portOf(server)),
      "old.yaml": route(forwardTo(INSIDE)),
    });
    await using client = await askForTls(port, "one.example");
    await flow.remove("old.yaml");
    await flow.write("new.yaml", JSON.stringify(route(deny)));
    await flow.reload();
    // It may be refused before it has said anything.
    await ask(client, STARTUP).catch(() => undefined);
    expect(server.starts).toEqual([]);
  });
});

function portOf({ address }: PlayedPostgres): { readonly port: number } {
  return { port: Number(address.split(":")[1]) };
}

describe("a request to cancel", () => {
  test("is not passed on for an address that the policy does not let in, as it is not for one that the route denies", async () => {
    for (const more of [
      { allow: ["127.0.0.1"] },
      { policy: policy({ type: "restrict-ips", config: { allow: ["127.0.0.1/32"] } }) },
    ]) {
      await using server = await startPlayedPostgres({ key: KEY });
      await using flow = await startFlow({
        "db.yaml": { listen: LISTEN, protocol: "postgres", backends: [server.address], ...more },
      });
      const port = await flow.port("db");
      await using running = await Peer.connect(port);
      await begin(running, startup("alice"));
      expect([Object.keys(more), await cancel(port, KEY, "127.0.0.2")]).toEqual([Object.keys(more), "reset"]);
      expect(server.starts.map(({ kind }) => kind)).toEqual(["session"]);
    }
  });
});

describe("a client of a listener on all addresses", () => {
  test.each(["conn.client_ip == '127.0.0.2'", "conn.client_ip.startsWith('127.')", "conn.server_ip == '127.0.0.1'"])(
    "has the address by which everybody knows it: %s",
    async (expression) => {
      await using backend = await startBackend(speaksFirst("in"));
      const port = freePort();
      const db = { listen: port, backends: [`127.0.0.1:${backend.port}`], policy: policy(deny, expression) };
      await using _flow = await startFlow({ "db.yaml": db });
      await using client = await Peer.connect({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
      expect(await outcome(client)).toBe("reset");
    },
  );

  test("is logged under that address, and so is the endpoint", async () => {
    await using backend = await startBackend(speaksFirst("in"));
    const port = freePort();
    const log = { type: "log", config: { metadata: { ip: "${conn.client_ip}", addr: "${endpoint.addr}" } } };
    const db = { listen: port, backends: [`127.0.0.1:${backend.port}`], policy: policy(log) };
    await using flow = await startFlow({ "db.yaml": db });
    await using client = await Peer.connect({ host: "127.0.0.1", port, localAddress: "127.0.0.2" });
    await client.until(() => client.received > 0);
    client.reset();
    expect((await flow.log.record()).policy?.logs).toEqual([{ ip: "127.0.0.2", addr: `127.0.0.1:${port}` }]);
  });
});
