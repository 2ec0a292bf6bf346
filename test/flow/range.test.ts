// A range of ports is one route: to the same range of a backend, or to one port.

import { describe, expect, test } from "bun:test";
import { type Backend, echo, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

/** Ranges that other programs hardly use; the test takes the first that is free. */
async function backendRange(length: number): Promise<{ first: number; backends: Backend[] }> {
  for (let first = 21_000; first < 31_000; first += length) {
    const backends: Backend[] = [];
    try {
      for (let port = first; port < first + length; port++) {
        backends.push(await startBackend((peer) => peer.socket.write(`${port}`), { port }));
      }
      return { first, backends };
    } catch {
      for (const backend of backends) await backend.close();
    }
  }
  throw new Error("No free range of ports");
}

describe("port ranges", () => {
  test("map to the same range of a backend", async () => {
    const { first, backends } = await backendRange(5);
    await using flow = await startFlow({
      "ftp.yaml": { listen: `127.0.0.2:${first}-${first + 4}`, backends: [`127.0.0.1:${first}-${first + 4}`] },
    });
    for (let port = first; port < first + 5; port++) {
      await using client = await Peer.connect({ port, host: "127.0.0.2" });
      expect(await client.read(5)).toBe(`${port}`);
    }
    expect((await flow.view.engine()).routes).toHaveLength(1);
    for (const backend of backends) await backend.close();
  });

  test("of thousands of ports are bound, serve, and are released again", async () => {
    await using backend = await startBackend(echo);
    const range = "127.0.0.3:23000-26999";
    await using flow = await startFlow({ "game.yaml": { listen: range, backends: [`127.0.0.1:${backend.port}`] } });
    const { listeners } = await flow.view.engine();
    expect(listeners).toHaveLength(4_000);
    expect(listeners.filter((listener) => listener.state === "failed")).toEqual([]);
    for (const port of [23_000, 24_567, 26_999]) {
      await using client = await Peer.connect({ port, host: "127.0.0.3" });
      await client.send("x");
      expect(await client.read(1)).toBe("x");
    }
    await flow.write(
      "game.yaml",
      JSON.stringify({ listen: "127.0.0.3:23000", backends: [`127.0.0.1:${backend.port}`] }),
    );
    expect((await flow.reload()).result).toBe("ok");
    expect((await flow.view.engine()).listeners).toHaveLength(1);
    expect(Peer.connect({ port: 26_999, host: "127.0.0.3" })).rejects.toThrow();
  });
});
