// How much one source, and all of them together, may take: connections, rates and bytes.

import { describe, expect, test } from "bun:test";
import { echo, startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { lettered, stay, visit, visits } from "../support/visit.ts";

const LISTEN = "127.0.0.1:0";

describe("limits", () => {
  test("perSource holds back one address and nobody else", async () => {
    await using backend = await lettered("b");
    await using flow = await startFlow({
      "db.yaml": { listen: LISTEN, backends: [`127.0.0.1:${backend.port}`], limits: { perSource: 2 } },
    });
    const port = await flow.port("db");
    await using held = await stay(port, 2);
    expect(await visit(port)).toBe("reset");
    expect(await visit(port, "127.0.0.2")).toBe("b");
    held.clients[0]?.reset();
    await eventually(async () => (await flow.view.engine()).routes[0]?.connectionsActive === 1);
    expect(await visit(port)).toBe("b");
    const [route] = (await flow.view.engine()).routes;
    expect(route?.connectionsTotal["denied-concurrency"]).toBe(1);
    expect(route?.limited).toEqual({ "perSource.connections": 1 });
  });

  test("a limit that a reload changes counts the connections that are there", async () => {
    await using backend = await lettered("b");
    const route = (perSource: number) => ({
      listen: LISTEN,
      backends: [`127.0.0.1:${backend.port}`],
      limits: { perSource },
    });
    await using flow = await startFlow({ "db.yaml": route(3) });
    const port = await flow.port("db");
    await using held = await Peer.connect(port);
    await held.read(1);
    await flow.write("db.yaml", JSON.stringify(route(1)));
    await flow.reload();
    expect(await visit(port)).toBe("reset");
    await flow.write("db.yaml", JSON.stringify(route(2)));
    await flow.reload();
    expect(await visit(port)).toBe("b");
  });

  test("rate lets a burst in and refuses what is above it", async () => {
    await using backend = await lettered("b");
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [`127.0.0.1:${backend.port}`],
        limits: { rate: { limit: "1/h", burst: 3 } },
      },
    });
    expect(await visits(await flow.port("db"), 5)).toEqual({ b: 3, reset: 2 });
    const [route] = (await flow.view.engine()).routes;
    expect(route?.connectionsTotal["denied-rate"]).toBe(2);
    expect(route?.limited).toEqual({ rate: 2 });
  });

  test("a rate for each source leaves the others alone, and gives back what time brings", async () => {
    await using backend = await lettered("b");
    await using flow = await startFlow({
      "db.yaml": {
        listen: LISTEN,
        backends: [`127.0.0.1:${backend.port}`],
        limits: { perSource: { rate: { limit: "10/s", burst: 1 } } },
      },
    });
    const port = await flow.port("db");
    expect(await visit(port)).toBe("b");
    expect(await visit(port)).toBe("reset");
    expect(await visit(port, "127.0.0.2")).toBe("b");
    await eventually(async () => (await visit(port)) === "b");
  });

  test("bandwidth slows a connection down, loses no byte, and leaves other routes alone", async () => {
    await using backend = await startBackend(echo);
    const backends = [`127.0.0.1:${backend.port}`];
    await using flow = await startFlow({
      "slow.yaml": { listen: LISTEN, backends, limits: { bandwidth: "1MB/s" } },
      "shared.yaml": { listen: LISTEN, backends, limits: { bandwidth: { route: "1MB/s" } } },
      "free.yaml": { listen: LISTEN, backends },
    });
    const body = Buffer.alloc(600_000, "sallyport ");
    const move = async (route: string, clients: number): Promise<number> => {
      const port = await flow.port(route);
      const beganMs = performance.now();
      await Promise.all(
        Array.from({ length: clients }, async () => {
          await using client = await Peer.connect(port);
          client.socket.end(body);
          expect(await client.end()).toBe("fin");
          expect(client.bytes.equals(body)).toBe(true);
        }),
      );
      return performance.now() - beganMs;
    };
    // Never faster than what is allowed, less the burst: a lower bound does not depend on the machine.
    expect(await move("slow", 1)).toBeGreaterThan(350);
    expect(await move("shared", 2)).toBeGreaterThan(900);
    await move("free", 1);
  });
});
