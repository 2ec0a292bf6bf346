// Passive ejection: what clients' connections meet takes a backend out, never the last one, and not for what is ours.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { echo, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { DEAD_HOST, deadPort, deadPorts, lettered, visit, visits } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";

describe("passive ejection", () => {
  test("a backend that refuses three times running is not asked again for a while", async () => {
    await using good = await lettered("g");
    const dead = await deadPort();
    await using flow = await startFlow({
      "db.yaml": { listen: LISTEN, backends: [`${DEAD_HOST}:${dead}`, `127.0.0.1:${good.port}`] },
    });
    expect(await visits(await flow.port("db"), 12)).toEqual({ g: 12 });
    const { backends, routes } = await flow.view.engine();
    expect(backends[0]).toMatchObject({
      state: "down",
      dialFailures: 3,
      ejections: 1,
      targets: [{ state: "ejected" }],
    });
    expect(backends[0]?.reason).toMatch(/^Ejected: /);
    expect(backends[0]?.targets[0]?.ejectedUntil).toMatch(/^\d{4}-/);
    expect(routes[0]?.retries).toBe(3);
    const line = await flow.log.line("backend-ejected");
    expect(line).toMatchObject({ level: "warn", fields: { backend: `${DEAD_HOST}:${dead}`, seconds: 10 } });
  });

  test("it comes back after its time, is out again at the first failure, and stays when it works", async () => {
    await using good = await lettered("g");
    const dead = await deadPort();
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [`${DEAD_HOST}:${dead}`, `127.0.0.1:${good.port}`],
        health: { check: "off", passive: { failures: 2, eject: "200ms", maxEject: "10s" } },
      },
    });
    const port = await flow.port("db");
    const failures = async () => (await flow.view.engine()).backends[0]?.dialFailures ?? 0;
    const ejections = async () => (await flow.view.engine()).backends[0]?.ejections ?? 0;
    while ((await ejections()) < 1) expect(await visit(port)).toBe("g");
    expect(await failures()).toBe(2);
    while ((await ejections()) < 2) expect(await visit(port)).toBe("g");
    expect(await failures()).toBe(3);
    await using back = await startBackend((peer) => peer.socket.write("b"), { host: DEAD_HOST, port: dead });
    while (back.peers.length === 0) expect(await visit(port)).toMatch(/[bg]/);
    expect(await visits(port, 4)).toEqual({ b: 2, g: 2 });
  });

  test("the last usable backend is never ejected, unless that is wanted", async () => {
    const [first = 0, second = 0, third = 0] = await deadPorts(3);
    const passive = { failures: 1, ejectLast: true };
    await using flow = await startFlow({
      "kept.yaml": { listen: LISTEN, backends: [`${DEAD_HOST}:${first}`, `${DEAD_HOST}:${second}`] },
      "alone.yaml": { listen: LISTEN, backends: [`${DEAD_HOST}:${third}`], health: { check: "off", passive } },
    });
    const port = await flow.port("kept");
    for (let round = 0; round < 8; round++) expect(await visit(port)).toBe("reset");
    const kept = (await flow.view.engine()).backends.filter(({ route }) => route === "kept");
    expect(kept.map(({ ejections }) => ejections).toSorted()).toEqual([0, 1]);
    await using back = await startBackend((peer) => peer.socket.write("b"), { host: DEAD_HOST, port: first });
    await using other = await startBackend((peer) => peer.socket.write("b"), { host: DEAD_HOST, port: second });
    expect(await visit(port)).toBe("b");
    expect(back.peers.length + other.peers.length).toBe(1);
    const alone = await flow.port("alone");
    expect(await visit(alone)).toBe("reset");
    expect(await visit(alone)).toBe("reset");
    expect(flow.log.records.at(-1)).toMatchObject({ route: "alone", reason: "no-backend" });
  });

  test("resets right after accept eject a backend where that is asked for", async () => {
    await using bad = await startBackend((peer) => peer.reset());
    await using good = await lettered("g");
    const backends = [`127.0.0.1:${bad.port}`, `127.0.0.1:${good.port}`];
    await using flow = await startFlow({
      "watched.yaml": {
        listen: LISTEN,
        backends,
        health: { check: "off", passive: { failures: 2, earlyReset: "5s" } },
      },
      "plain.yaml": { listen: LISTEN, backends },
    });
    const answers = await visits(await flow.port("watched"), 10);
    expect(answers).toEqual({ g: 8, reset: 2 });
    expect((await flow.view.engine()).backends.find(({ route }) => route === "watched")).toMatchObject({
      ejections: 1,
      reason: "Ejected: Reset without an answer",
    });
    expect(await visits(await flow.port("plain"), 10)).toEqual({ g: 5, reset: 5 });
  });

  test("a shortage of descriptors on this side never counts against a backend", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    const real = bunRuntime();
    let short = true;
    const runtime: Runtime = {
      ...real,
      // As Bun reports EMFILE: it cannot be told from a refusal.
      connect(address, owner) {
        if (!short) return real.connect(address, owner);
        queueMicrotask(() => owner.unreachable(Object.assign(new Error("refused"), { code: "ECONNREFUSED" })));
      },
      descriptorsExhausted: () => short,
    };
    await using flow = await startFlow(
      {
        "db.yaml": {
          listen: LISTEN,
          backends: [a, b].map(({ port }) => `127.0.0.1:${port}`),
          health: { interval: "100ms" },
        },
      },
      { runtime },
    );
    const port = await flow.port("db");
    for (let round = 0; round < 10; round++) expect(await visit(port)).toBe("reset");
    expect(flow.log.records.map(({ reason }) => reason)).toEqual(Array.from({ length: 10 }, () => "dial-failed"));
    const { backends } = await flow.view.engine();
    expect(backends.map(({ state, dialFailures, ejections }) => [state, dialFailures, ejections])).toEqual([
      ["up", 0, 0],
      ["up", 0, 0],
    ]);
    expect(flow.log.lines.filter(({ event }) => event === "dial-shortage")).toHaveLength(1);
    short = false;
    expect(await visits(port, 4)).toEqual({ a: 2, b: 2 });
  });

  test("one silent port of a range takes none of the others out", async () => {
    await using backend = await startBackend(echo);
    const { port } = backend;
    const first = port - 1;
    await using other = await lettered("o");
    await using flow = await startFlow({
      "game.yaml": {
        listen: `127.0.0.2:${first}-${port}`,
        backends: [`127.0.0.1:${first}-${port}`, { address: `127.0.0.1:${other.port}`, backup: true }],
      },
    });
    for (let round = 0; round < 5; round++) {
      await using client = await Peer.connect({ port: first, host: "127.0.0.2" });
      expect(await client.read(1)).toBe("o");
    }
    await using client = await Peer.connect({ port, host: "127.0.0.2" });
    await client.send("x");
    expect(await client.read(1)).toBe("x");
    expect((await flow.view.engine()).backends[0]?.ejections).toBe(0);
  });
});
