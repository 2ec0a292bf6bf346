// Whoever speaks first, and whatever the address family, bytes go through.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { echo, speaksFirst, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

describe("protocols", () => {
  test("a server that greets first is heard before the client says anything", async () => {
    await using backend = await startBackend(speaksFirst("220 ready\r\n"));
    await using flow = await startFlow({
      "smtp.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("smtp"));
    expect(await client.read(11)).toBe("220 ready\r\n");
    await client.send("EHLO x\r\n");
    expect(await client.read(19)).toBe("220 ready\r\nEHLO x\r\n");
  });

  test("a client that speaks first is answered", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "redis.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("redis"));
    await client.send("PING\r\n");
    expect(await client.read(6)).toBe("PING\r\n");
    client.finish();
    expect(await client.end()).toBe("fin");
    expect(await flow.log.record()).toMatchObject({ reason: "done", bytesIn: 6, bytesOut: 6 });
  });

  test("IPv6 clients and IPv6 backends", async () => {
    await using backend = await startBackend(echo, { host: "::1" });
    await using flow = await startFlow({ "six.yaml": { listen: "[::1]:0", backends: [`[::1]:${backend.port}`] } });
    await using client = await Peer.connect({ port: await flow.port("six"), host: "::1" });
    await client.send("six");
    expect(await client.read(3)).toBe("six");
    client.reset();
    expect((await flow.log.record()).client).toMatch(/^\[::1\]:\d+$/);
  });

  test("a route without a host is reached over IPv4 and IPv6, and IPv4 clients are shown as such", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({ "all.yaml": { listen: 0, backends: [`127.0.0.1:${backend.port}`] } });
    const port = await flow.port("all");
    for (const host of ["127.0.0.1", "::1"]) {
      await using client = await Peer.connect({ port, host });
      await client.send("x");
      expect(await client.read(1)).toBe("x");
      client.reset();
    }
    const clients = [(await flow.log.record(0)).client, (await flow.log.record(1)).client].toSorted();
    expect(clients[0]).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(clients[1]).toMatch(/^\[::1\]:\d+$/);
  });

  test("a backend on a unix socket", async () => {
    await using flow = await startFlow({});
    const path = join(flow.directory, "..", "backend.sock");
    await using _backend = await startBackend(echo, { path });
    await flow.write("unix.yaml", JSON.stringify({ listen: "127.0.0.1:0", backends: [`unix:${path}`] }));
    await flow.reload();
    await using client = await Peer.connect(await flow.port("unix"));
    await client.send("through a file");
    expect(await client.read(14)).toBe("through a file");
  });

  test("a backend given by name", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "name.yaml": { listen: "127.0.0.1:0", backends: [`localhost:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("name"));
    await client.send("by name");
    expect(await client.read(7)).toBe("by name");
    const { backends } = await flow.view.engine();
    expect(backends[0]?.addresses.length).toBeGreaterThan(0);
  });
});
