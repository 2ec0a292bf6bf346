// Active checks: who is down gets no clients, and who comes back gets them again.

import { describe, expect, test } from "bun:test";
import { type Backend, echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { type FlowGateway, startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { lettered, visit, visits } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";
const OFTEN = { interval: "100ms", timeout: "100ms", jitter: "off", rise: 2, fall: 2 };

async function stateOf(flow: FlowGateway, port: number): Promise<string | undefined> {
  const { backends } = await flow.view.engine();
  return backends.find(({ backend }) => backend.endsWith(`:${port}`))?.state;
}

describe("health checks", () => {
  test("a backend that dies gets no clients until it is back, and says why", async () => {
    const a = await lettered("a");
    await using b = await lettered("b");
    await using flow = await startFlow({
      "db.yaml": { listen: LISTEN, backends: [`127.0.0.1:${a.port}`, `127.0.0.1:${b.port}`], health: OFTEN },
    });
    const port = await flow.port("db");
    await eventually(async () => (await stateOf(flow, a.port)) === "up");
    await a.close();
    await eventually(async () => (await stateOf(flow, a.port)) === "down");
    const failures = async () => (await flow.view.engine()).backends[0]?.dialFailures;
    const before = await failures();
    expect(await visits(port, 4)).toEqual({ b: 4 });
    expect(await failures()).toBe(before ?? 0);
    const [backend] = (await flow.view.engine()).backends;
    expect(backend).toMatchObject({ state: "down", targets: [{ state: "down", check: { status: "down" } }] });
    expect(backend?.reason).toMatch(/^Check failed: /);
    expect((await flow.log.line("backend-down")).level).toBe("warn");
    await using again = await startBackend((peer) => peer.socket.write("a"), { port: a.port });
    expect(again.port).toBe(a.port);
    await flow.log.line("backend-up");
    expect(await visits(port, 4)).toEqual({ a: 2, b: 2 });
  });

  test("a backend that accepts and hangs is down by what it has to say", async () => {
    await using hung = await startBackend();
    await using good = await startBackend((peer) => {
      peer.socket.on("data", (bytes) => peer.socket.write(bytes.toString() === "PING\r\n" ? "+PONG\r\n" : "g"));
    });
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [`127.0.0.1:${hung.port}`, `127.0.0.1:${good.port}`],
        health: { ...OFTEN, check: "redis" },
      },
    });
    await eventually(async () => (await stateOf(flow, hung.port)) === "down");
    expect(await stateOf(flow, good.port)).toBe("up");
    const port = await flow.port("db");
    for (let round = 0; round < 4; round++) {
      await using client = await Peer.connect(port);
      await client.send("x");
      expect(await client.read(1)).toBe("g");
    }
  });

  test("with every backend down clients are refused at once", async () => {
    await using hung = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: LISTEN, backends: [`127.0.0.1:${hung.port}`], health: { ...OFTEN, check: "nats" } },
    });
    await eventually(async () => (await stateOf(flow, hung.port)) === "down");
    expect(await visit(await flow.port("db"))).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "no-backend" });
  });

  test("onDown: kill resets the connections of a backend that went down, keep leaves them", async () => {
    let answers = true;
    await using checked = await startBackend((peer) => {
      if (answers) peer.socket.write("+OK");
    });
    await using backend = await startBackend(echo);
    const target = `127.0.0.1:${backend.port}`;
    const health = { ...OFTEN, check: { expect: "+OK" }, port: checked.port };
    await using flow = await startFlow({
      "kill.yaml": { listen: LISTEN, backends: [target], health: { ...health, onDown: "kill" } },
      "keep.yaml": { listen: LISTEN, backends: [target], health: { ...health, onDown: "keep" } },
    });
    await using killed = await Peer.connect(await flow.port("kill"));
    await using kept = await Peer.connect(await flow.port("keep"));
    for (const client of [killed, kept]) {
      await client.send("x");
      await client.read(1);
    }
    answers = false;
    expect(await killed.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ route: "kill", reason: "killed" });
    await kept.send("y");
    expect(await kept.read(2)).toBe("xy");
  });

  test("one target of several routes is checked once", async () => {
    await using backend = await startBackend(echo);
    const route = { listen: LISTEN, backends: [`127.0.0.1:${backend.port}`], health: { interval: "1h" } };
    await using flow = await startFlow({ "a.yaml": route, "b.yaml": route, "c.yaml": route });
    await eventually(async () => {
      const { backends } = await flow.view.engine();
      return backends.every(({ targets }) => targets[0]?.check?.status === "up");
    });
    expect(backend.peers).toHaveLength(1);
    await flow.write("d.yaml", JSON.stringify(route));
    await flow.reload();
    expect((await flow.view.engine()).backends.at(-1)?.targets[0]?.check?.status).toBe("up");
    expect(backend.peers).toHaveLength(1);
  });

  test("a reload keeps what checks found, and another check begins anew", async () => {
    await using backend = await startBackend(echo);
    const route = (more: object) => ({ listen: LISTEN, backends: [`127.0.0.1:${backend.port}`], ...more });
    await using flow = await startFlow({ "db.yaml": route({ health: { ...OFTEN, check: "nats" } }) });
    await eventually(async () => (await stateOf(flow, backend.port)) === "down");
    await flow.write(
      "db.yaml",
      JSON.stringify(route({ health: { ...OFTEN, check: "nats" }, limits: { connections: 9 } })),
    );
    await flow.reload();
    expect(await stateOf(flow, backend.port)).toBe("down");
    await flow.write("db.yaml", JSON.stringify(route({ health: OFTEN })));
    await flow.reload();
    await eventually(async () => (await stateOf(flow, backend.port)) === "up");
    await flow.write("db.yaml", JSON.stringify(route({})));
    await flow.reload();
    expect((await flow.view.engine()).backends[0]?.targets[0]?.check).toBeUndefined();
  });

  test("a backend that flaps within its fall is never taken down", async () => {
    let checks = 0;
    const backend: Backend = await startBackend((peer) => {
      if (++checks % 2 === 1) peer.socket.write("+OK");
      else peer.socket.end("-ERR");
    });
    await using _ = backend;
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [`127.0.0.1:${backend.port}`],
        health: { ...OFTEN, fall: 2, check: { expect: "+OK" } },
      },
    });
    await eventually(() => checks >= 8);
    expect(flow.log.lines.filter(({ event }) => event === "backend-down")).toEqual([]);
    expect((await flow.view.engine()).backends[0]?.targets[0]?.check).toMatchObject({ status: "up" });
  });
});
