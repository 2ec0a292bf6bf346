// Which backend a connection gets.

import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { DEAD_HOST, deadPorts, lettered, stay, visit, visits } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";

describe("balance", () => {
  test("least-connections sends a client where the fewest are, by weight", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        balance: "least-connections",
        backends: [{ address: `127.0.0.1:${a.port}`, weight: 2 }, `127.0.0.1:${b.port}`],
      },
    });
    const port = await flow.port("db");
    await using held = await stay(port, 6);
    expect([a.peers.length, b.peers.length]).toEqual([4, 2]);
    // Two of the light one's go: the next two are its own again.
    for (const client of held.clients.filter(({ text }) => text === "b")) client.reset();
    await eventually(() => flow.log.records.length === 2);
    expect([await visit(port), await visit(port)]).toEqual(["b", "b"]);
  });

  test("source-hash sends an address to one backend always, and to another only while that one is gone", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    await using c = await lettered("c");
    const backends = [a, b, c].map(({ port }) => `127.0.0.1:${port}`);
    await using flow = await startFlow({ "db.yaml": { listen: LISTEN, balance: "source-hash", backends } });
    const port = await flow.port("db");
    const sources = Array.from({ length: 24 }, (_, at) => `127.0.1.${at + 1}`);
    const ask = async (): Promise<string[]> => {
      const answers: string[] = [];
      for (const source of sources) answers.push(await visit(port, source));
      return answers;
    };
    const before = await ask();
    expect(new Set(before)).toEqual(new Set(["a", "b", "c"]));
    expect(await ask()).toEqual(before);
    await flow.view.overrideBackends({ backend: `127.0.0.1:${b.port}` }, { state: "down" });
    const without = await ask();
    expect(without).not.toContain("b");
    expect(without.filter((answer, at) => before[at] !== "b" && answer !== before[at])).toEqual([]);
    await flow.view.overrideBackends({ backend: `127.0.0.1:${b.port}` }, { state: null });
    expect(await ask()).toEqual(before);
  });

  test("random uses every backend", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    const backends = [a, b].map(({ port }) => `127.0.0.1:${port}`);
    await using flow = await startFlow({ "db.yaml": { listen: LISTEN, balance: "random", backends } });
    const answers = await visits(await flow.port("db"), 40);
    expect(Object.keys(answers).toSorted()).toEqual(["a", "b"]);
  });

  test("a backup is used while no other backend is usable, and no longer", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    await using spare = await lettered("s");
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`, { address: `127.0.0.1:${spare.port}`, backup: true }],
      },
    });
    const port = await flow.port("db");
    expect(await visits(port, 4)).toEqual({ a: 2, b: 2 });
    await a.close();
    expect(await visits(port, 3)).toEqual({ b: 3 });
    await b.close();
    // The first one is refused twice and served by the backup: it notices nothing.
    expect(await visits(port, 3)).toEqual({ s: 3 });
    await flow.view.overrideBackends({ backend: `127.0.0.1:${spare.port}` }, { state: "drain" });
    expect(await visit(port)).toBe("reset");
    expect(flow.log.records.at(-1)?.reason).toMatch(/no-backend|dial-refused/);
  });

  test("weight 0 drains a backend: its connections go on, new ones go elsewhere", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    const route = (weight: number) => ({
      listen: LISTEN,
      backends: [{ address: `127.0.0.1:${a.port}`, weight }, `127.0.0.1:${b.port}`],
    });
    await using flow = await startFlow({ "db.yaml": route(1_000_000) });
    const port = await flow.port("db");
    await using old = await Peer.connect(port);
    expect(await old.read(1)).toBe("a");
    await flow.write("db.yaml", JSON.stringify(route(0)));
    await flow.reload();
    expect(await visits(port, 5)).toEqual({ b: 5 });
    await old.send("still here");
    expect(await old.read(11)).toBe("astill here");
    const { backends } = await flow.view.engine();
    expect(backends[0]).toMatchObject({ state: "drained", reason: "Its weight is 0", connectionsActive: 1 });
  });

  test("a backend that comes back gets few connections at first", async () => {
    await using a = await lettered("a");
    await using b = await lettered("b");
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [a, b].map(({ port }) => `127.0.0.1:${port}`),
        health: { check: "off", slowStart: "1h" },
      },
    });
    const port = await flow.port("db");
    const backend = `127.0.0.1:${a.port}`;
    await flow.view.overrideBackends({ backend }, { state: "down" });
    await flow.view.overrideBackends({ backend }, { state: null });
    const answers = await visits(port, 42);
    expect(answers).toEqual({ a: 2, b: 40 });
    const { backends } = await flow.view.engine();
    expect(backends[0]?.targets[0]?.weight).toBeLessThan(0.1);
  });

  test("no more dials are made for one client than attempts allows", async () => {
    const dead = await deadPorts(3);
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: dead.map((port) => `${DEAD_HOST}:${port}`),
        dial: { attempts: 2 },
        health: { passive: "off" },
      },
    });
    expect(await visit(await flow.port("db"))).toBe("reset");
    const { backends, routes } = await flow.view.engine();
    expect(backends.map(({ dialFailures }) => dialFailures).toSorted()).toEqual([0, 1, 1]);
    expect(routes[0]?.retries).toBe(1);
  });
});
