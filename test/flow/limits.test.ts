// Caps and source lists: who is refused, with what reason, and that everybody else is served.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { echo, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

describe("limits", () => {
  test("a route refuses connections above its cap and takes new ones when others end", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`], limits: { connections: 2 } },
    });
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await using second = await Peer.connect(port);
    for (const client of [first, second]) {
      await client.send("x");
      expect(await client.read(1)).toBe("x");
    }
    await using third = await Peer.connect(port);
    expect(await third.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "denied-concurrency", limit: "connections" });
    first.reset();
    await flow.log.record(1);
    await using fourth = await Peer.connect(port);
    await fourth.send("y");
    expect(await fourth.read(1)).toBe("y");
    expect(backend.peers).toHaveLength(3);
    const [route] = (await flow.view.engine()).routes;
    expect(route).toMatchObject({ connectionsActive: 2, connectionLimit: 2 });
    expect(route?.connectionsTotal).toEqual({ "client-reset": 1, "denied-concurrency": 1 });
  });

  test("the whole gateway refuses connections above what the descriptor limit allows and warns once", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow(
      {
        "a.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
        "b.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
      },
      { runtime: { ...bunRuntime(), descriptorLimit: () => 128 + 2 + 2 * 3 } },
    );
    const [a, b] = [await flow.port("a"), await flow.port("b")];
    const clients: Peer[] = [];
    for (const port of [a, b, a]) {
      const client = await Peer.connect(port);
      clients.push(client);
      await client.send("x");
      await client.read(1);
    }
    for (const port of [a, b]) {
      await using refused = await Peer.connect(port);
      expect(await refused.end()).toBe("reset");
    }
    expect(flow.log.records.map((record) => record.reason)).toEqual(["denied-concurrency", "denied-concurrency"]);
    expect(flow.log.records.map((record) => record.limit)).toEqual(["gateway", "gateway"]);
    expect(flow.log.lines.filter((line) => line.event === "connections-full")).toHaveLength(1);
    expect((await flow.log.line("descriptors-low")).message).toContain("ulimit");
    expect((await flow.view.engine()).connectionLimit).toBe(3);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test("checks that hang leave room for clients, however many there are, and a full gateway says what is in use", async () => {
    // None of them says the word that its check waits for.
    await using backend = await startBackend(echo, { host: "0.0.0.0" });
    const backends = Array.from({ length: 30 }, (_, at) => `127.0.0.${at + 1}:${backend.port}`);
    const health = { check: "nats", interval: "1h", timeout: "1m", jitter: "off" };
    await using flow = await startFlow(
      { "db.yaml": { listen: "127.0.0.1:0", backends, health } },
      { runtime: { ...bunRuntime(), descriptorLimit: () => 128 + 1 + 2 * 3 } },
    );
    await backend.peer(2);
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await using second = await Peer.connect(port);
    for (const client of [first, second]) {
      await client.send("x");
      expect(await client.read(1)).toBe("x");
    }
    await using third = await Peer.connect(port);
    expect(await third.end()).toBe("reset");
    const { message, fields } = await flow.log.line("connections-full");
    expect(fields).toEqual({ limit: 3, connections: 2, greeting: 0, checks: 3, abandonedDials: 0, besideDials: 0 });
    expect(message).toContain("2 connections, 0 clients without a route yet, 3 checks");
  });

  test("deny wins over allow, and without allow everybody may", async () => {
    await using backend = await startBackend(echo);
    const backends = [`127.0.0.1:${backend.port}`];
    await using flow = await startFlow({
      "open.yaml": { listen: "127.0.0.1:0", backends, deny: ["192.0.2.0/24"] },
      "listed.yaml": { listen: "127.0.0.1:0", backends, allow: ["127.0.0.0/8"] },
      "denied.yaml": { listen: "127.0.0.1:0", backends, allow: ["127.0.0.0/8"], deny: ["127.0.0.1"] },
      "unlisted.yaml": { listen: "127.0.0.1:0", backends, allow: ["10.0.0.0/8", "2001:db8::/32"] },
    });
    const fates: Record<string, string> = {};
    for (const route of ["open", "listed", "denied", "unlisted"]) {
      await using client = await Peer.connect(await flow.port(route));
      await client.send("x").catch(() => {});
      fates[route] = (await client.read(1)) === "x" ? "served" : await client.end();
    }
    expect(fates).toEqual({ open: "served", listed: "served", denied: "reset", unlisted: "reset" });
    expect(
      flow.log.records.filter((record) => record.reason === "denied-address").map((record) => record.route),
    ).toEqual(["denied", "unlisted"]);
    expect(backend.peers).toHaveLength(2);
  });

  test("IPv4 lists hold for IPv4 clients of a listener for all addresses", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: 0, backends: [`127.0.0.1:${backend.port}`], deny: ["127.0.0.1/32"] },
    });
    const port = await flow.port("db");
    await using four = await Peer.connect({ port, host: "127.0.0.1" });
    expect(await four.end()).toBe("reset");
    await using six = await Peer.connect({ port, host: "::1" });
    await six.send("x");
    expect(await six.read(1)).toBe("x");
  });

  test("several routes on one port are told apart by source, the most specific first", async () => {
    await using near = await startBackend((peer) => peer.socket.end("near"));
    await using exact = await startBackend((peer) => peer.socket.end("exact"));
    await using rest = await startBackend((peer) => peer.socket.end("rest"));
    const port = await freePort();
    const listen = `127.0.0.1:${port}`;
    await using flow = await startFlow({
      "near.yaml": { listen, backends: [`127.0.0.1:${near.port}`], match: { sources: ["127.0.0.0/30"] } },
      "exact.yaml": { listen, backends: [`127.0.0.1:${exact.port}`], match: { sources: ["127.0.0.2"] } },
      "rest.yaml": { listen, backends: [`127.0.0.1:${rest.port}`] },
    });
    const answers: string[] = [];
    for (const localAddress of ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.9"]) {
      await using client = await Peer.connect({ port, host: "127.0.0.1", localAddress });
      await client.end();
      answers.push(client.text);
    }
    expect(answers).toEqual(["near", "exact", "near", "rest"]);
    await flow.remove("rest.yaml");
    await flow.reload();
    await using stranger = await Peer.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.9" });
    expect(await stranger.end()).toBe("reset");
    expect(flow.log.records.at(-1)?.reason).toBe("no-route");
    expect((await flow.view.engine()).connectionsUnrouted).toEqual({ "no-route": 1 });
  });

  test("a specific route with a mistake refuses its clients, and does not leave them to the general one", async () => {
    await using backend = await startBackend(echo);
    const listen = `127.0.0.1:${await freePort()}`;
    const backends = [`127.0.0.1:${backend.port}`];
    await using flow = await startFlow({
      "general.yaml": { listen, backends },
      "guest.yaml": { listen, backends, match: { sources: ["127.0.0.2"] }, deny: ["127.0.0.2x"] },
    });
    const port = await flow.port("general");
    await using guest = await Peer.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
    expect(await guest.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ route: "guest", reason: "denied-address" });
    await using other = await Peer.connect({ port, host: "127.0.0.1" });
    await other.send("x");
    expect(await other.read(1)).toBe("x");
    await flow.write("guest.yaml", JSON.stringify({ listen, backends, match: { sources: ["127.0.0.2"] } }));
    expect((await flow.reload()).result).toBe("ok");
    await using again = await Peer.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
    await again.send("y");
    expect(await again.read(1)).toBe("y");
  });
});

async function freePort(): Promise<number> {
  const backend = await startBackend();
  await backend.close();
  return backend.port;
}
