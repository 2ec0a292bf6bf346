// A backend with as many connections as it may: who waits, who is turned away, and in what order places are given.

import { describe, expect, test } from "bun:test";
import { echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { lettered, stay, visit } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";

async function queued(flow: FlowGateway): Promise<number | undefined> {
  return (await flow.view.engine()).routes[0]?.connectionsQueued;
}

describe("maxConnections", () => {
  test("clients above it wait and are served in the order they came", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: LISTEN, backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }] },
    });
    const port = await flow.port("db");
    const clients: Peer[] = [];
    for (const name of ["1", "2", "3"]) {
      const client = await Peer.connect(port);
      await client.send(name);
      clients.push(client);
      await eventually(async () => (await queued(flow)) === clients.length - 1);
    }
    const [first, second, third] = clients;
    if (first === undefined || second === undefined || third === undefined) throw new Error("Not connected");
    expect(await first.read(1)).toBe("1");
    expect(backend.peers).toHaveLength(1);
    expect((await flow.view.engine()).backends[0]).toMatchObject({ state: "up", targets: [{ state: "full" }] });
    first.reset();
    expect(await second.read(1)).toBe("2");
    expect(third.received).toBe(0);
    second.finish();
    expect(await third.read(1)).toBe("3");
    expect(await queued(flow)).toBe(0);
    expect(backend.peers).toHaveLength(3);
    for (const client of clients) await client[Symbol.asyncDispose]();
  });

  test("a client that waited too long, and one for whom the queue has no place, is refused", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }],
        limits: { queue: { size: 1, timeout: "300ms" } },
      },
    });
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await first.send("x");
    await first.read(1);
    await using waiting = await Peer.connect(port);
    await eventually(async () => (await queued(flow)) === 1);
    expect(await visit(port)).toBe("reset");
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["denied-concurrency"]);
    expect(waiting.ending).toBeUndefined();
    expect(await waiting.end()).toBe("reset");
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(["denied-concurrency", "denied-concurrency"]);
    expect(flow.log.records.map(({ limit }) => limit)).toEqual(["queue.size", "queue.timeout"]);
    expect(await queued(flow)).toBe(0);
    await first.send("y");
    expect(await first.read(2)).toBe("xy");
  });

  test("a client that gives up waiting leaves its place to the next", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: LISTEN, backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections: 1 }] },
    });
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await eventually(async () => backend.peers.length === 1);
    await using second = await Peer.connect(port);
    await eventually(async () => (await queued(flow)) === 1);
    await using third = await Peer.connect(port);
    await eventually(async () => (await queued(flow)) === 2);
    second.reset();
    await eventually(async () => (await queued(flow)) === 1);
    first.reset();
    await third.send("z");
    expect(await third.read(1)).toBe("z");
  });

  test("a full backend is passed over while another has room, and a backup is not used for it", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    await using spare = await lettered("s");
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [
          { address: `127.0.0.1:${a.port}`, maxConnections: 1 },
          { address: `127.0.0.1:${b.port}`, maxConnections: 2 },
          { address: `127.0.0.1:${spare.port}`, backup: true },
        ],
      },
    });
    const port = await flow.port("db");
    await using held = await stay(port, 3);
    const [first] = held.clients;
    expect(held.clients.map(({ text }) => text).toSorted()).toEqual(["a", "b", "b"]);
    await using waiting = await Peer.connect(port);
    await eventually(async () => (await queued(flow)) === 1);
    first?.reset();
    expect(await waiting.read(1)).toBe(first?.text ?? "");
    expect(spare.peers).toHaveLength(0);
  });

  test("a higher maxConnections after a reload lets the waiting in", async () => {
    await using backend = await startBackend(echo);
    const route = (maxConnections: number) => ({
      listen: LISTEN,
      backends: [{ address: `127.0.0.1:${backend.port}`, maxConnections }],
    });
    await using flow = await startFlow({ "db.yaml": route(1) });
    const port = await flow.port("db");
    await using first = await Peer.connect(port);
    await eventually(async () => backend.peers.length === 1);
    await using second = await Peer.connect(port);
    await eventually(async () => (await queued(flow)) === 1);
    await flow.write("db.yaml", JSON.stringify(route(2)));
    await flow.reload();
    await second.send("x");
    expect(await second.read(1)).toBe("x");
    expect(first.ending).toBeUndefined();
  });
});
