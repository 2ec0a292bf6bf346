// Every wait has an end, and every end has its own reason.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { DialOwner } from "../../src/socket/socket.ts";
import { echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

/** A runtime whose dials to `port` get no answer until `answer` is called. */
function silentRuntime(port: number): { runtime: Runtime; waiting: DialOwner[]; answer: () => void } {
  const real = bunRuntime();
  const waiting: DialOwner[] = [];
  return {
    waiting,
    answer: () => {
      for (const owner of waiting.splice(0)) real.connect({ host: "127.0.0.1", port }, owner);
    },
    runtime: {
      ...real,
      connect(address, owner) {
        if ("port" in address && address.port === port) waiting.push(owner);
        else real.connect(address, owner);
      },
    },
  };
}

describe("timeouts", () => {
  test("a connection without a byte in either direction ends with idle", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`], timeouts: { idle: "500ms" } },
    });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("x");
    await client.read(1);
    expect(await client.end()).toBe("reset");
    expect(await (await backend.peer()).end()).toBe("reset");
    const record = await flow.log.record();
    expect(record).toMatchObject({ reason: "idle", bytesIn: 1, bytesOut: 1 });
    expect(record.durationMs).toBeGreaterThanOrEqual(400);
  });

  test("traffic in one direction alone keeps a connection from being idle", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`], timeouts: { idle: "500ms" } },
    });
    await using client = await Peer.connect(await flow.port("db"));
    const server = await backend.peer();
    const beganMs = performance.now();
    for (let sent = 0; performance.now() - beganMs < 1_500; sent++) {
      await server.send("tick");
      await client.read((sent + 1) * 4);
      await Bun.sleep(50);
    }
    expect(client.ending).toBeUndefined();
    expect(flow.log.records).toHaveLength(0);
  });

  test("a half-closed connection without a byte ends with half-close-timeout", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`], timeouts: { halfClose: "300ms" } },
    });
    await using client = await Peer.connect(await flow.port("db"));
    client.finish();
    const server = await backend.peer();
    expect(await server.end()).toBe("fin");
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("half-close-timeout");
  });

  test("a connection ends with max-lifetime however busy it is", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`], timeouts: { lifetime: "600ms" } },
    });
    await using client = await Peer.connect(await flow.port("db"));
    while (client.ending === undefined) {
      await client.send("x").catch(() => {});
      await Bun.sleep(20);
    }
    expect((await flow.log.record()).reason).toBe("max-lifetime");
  });

  test("a dial without an answer ends with dial-timeout, and a late answer harms nobody", async () => {
    await using backend = await startBackend(echo);
    const silent = silentRuntime(backend.port);
    await using flow = await startFlow(
      { "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`], timeouts: { connect: "300ms" } } },
      { runtime: silent.runtime },
    );
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("anybody?");
    expect(await client.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "dial-timeout", bytesIn: 0 });
    expect(silent.waiting).toHaveLength(1);
    silent.answer();
    expect(await (await backend.peer()).end()).toBe("reset");
    expect((await flow.view.engine()).backends[0]).toMatchObject({ connectionsActive: 0, dialFailures: 1 });
  });

  test("a silent target leaves time for the next one", async () => {
    await using silentBackend = await startBackend();
    await using backend = await startBackend(echo);
    const silent = silentRuntime(silentBackend.port);
    await using flow = await startFlow(
      {
        "db.yaml": {
          listen: "127.0.0.1:0",
          backends: [`127.0.0.1:${silentBackend.port}`, `127.0.0.1:${backend.port}`],
          timeouts: { connect: "4s" },
        },
      },
      { runtime: silent.runtime },
    );
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("hello");
    expect(await client.read(5)).toBe("hello");
    expect(silent.waiting).toHaveLength(1);
  });

  test("a target that never answers uses up neither the connection limit nor its clients' time", async () => {
    await using silentBackend = await startBackend(echo);
    await using backend = await startBackend(echo);
    const silent = silentRuntime(silentBackend.port);
    const backends = [`127.0.0.1:${silentBackend.port}`];
    await using flow = await startFlow(
      {
        "silent.yaml": { listen: "127.0.0.1:0", backends, timeouts: { connect: "200ms" } },
        "healthy.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
      },
      { runtime: { ...silent.runtime, descriptorLimit: () => 128 + 2 + 2 * 8 } },
    );
    const port = await flow.port("silent");
    // A quarter of the limit of eight may be dials that were given up; then the target is not dialled any more.
    for (const reason of ["dial-timeout", "dial-timeout", "no-backend", "no-backend"] as const) {
      await using client = await Peer.connect(port);
      expect(await client.end()).toBe("reset");
      expect(flow.log.records.at(-1)?.reason).toBe(reason);
    }
    expect(silent.waiting).toHaveLength(2);
    await using healthy = await Peer.connect(await flow.port("healthy"));
    await healthy.send("hi");
    expect(await healthy.read(2)).toBe("hi");
    silent.answer();
    await eventually(() => silentBackend.peers.length === 2 && silentBackend.peers.every((peer) => peer.closed));
    await using late = await Peer.connect(port);
    await eventually(() => silent.waiting.length === 1);
    silent.answer();
    await late.send("hi");
    expect(await late.read(2)).toBe("hi");
  });

  test("a connection that was quiet for long half-closes and resets as a busy one does, even without deadlines", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": {
        listen: "127.0.0.1:0",
        backends: [`127.0.0.1:${backend.port}`],
        timeouts: { idle: "off", halfClose: "600ms" },
      },
    });
    await using client = await Peer.connect(await flow.port("db"));
    const server = await backend.peer();
    // Longer than halfClose: a clock that stood still would take the connection for one that was half-closed all the time.
    await Bun.sleep(900);
    await client.send("question");
    client.finish();
    expect(await server.end()).toBe("fin");
    await Bun.sleep(300);
    await server.send("answer");
    server.finish();
    expect(await client.end()).toBe("fin");
    expect(client.text).toBe("answer");
    expect((await flow.log.record()).reason).toBe("done");
  });
});
