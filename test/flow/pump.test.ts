// Streams that are faster than events are read directly: the same bytes, the same ends.

import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { bunRuntime } from "../../src/runtime/bun.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

const LENGTH = 96 * 1024 * 1024;

/** A runtime that counts what is read directly. */
function countingRuntime(): { runtime: Runtime; count: { bytes: number } } {
  const real = bunRuntime();
  const count = { bytes: 0 };
  return {
    count,
    runtime: {
      ...real,
      directReader() {
        const reader = real.directReader();
        if (reader === null) return null;
        return {
          ...reader,
          read(socket) {
            const bytes = reader.read(socket);
            count.bytes += bytes.length;
            return bytes;
          },
        };
      },
    },
  };
}

function payload(seed: number): Buffer {
  const bytes = Buffer.alloc(LENGTH);
  for (let at = 0; at < LENGTH; at += 4) bytes.writeUInt32LE((at * 2_654_435_761 + seed) >>> 0, at);
  return bytes;
}

const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("pumped streams", () => {
  test("arrive whole in both directions at once, with their FINs", async () => {
    await using backend = await startBackend();
    const { runtime, count } = countingRuntime();
    await using flow = await startFlow(
      { "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] } },
      { runtime },
    );
    await using client = await Peer.connect(await flow.port("db"));
    const server = await backend.peer();
    const [up, down] = [payload(1), payload(2)];
    const sending = [client.send(up), server.send(down)];
    client.finish();
    server.finish();
    expect([await client.end(), await server.end()]).toEqual(["fin", "fin"]);
    await Promise.all(sending);
    expect(digest(server.bytes)).toBe(digest(up));
    expect(digest(client.bytes)).toBe(digest(down));
    expect(count.bytes).toBeGreaterThan(0);
    expect(await flow.log.record()).toMatchObject({ reason: "done", bytesIn: LENGTH, bytesOut: LENGTH });
  }, 20_000);

  test.each(["client", "backend"] as const)(
    "end with a reset by the %s that everybody hears of",
    async (side) => {
      await using backend = await startBackend();
      const { runtime, count } = countingRuntime();
      await using flow = await startFlow(
        { "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] } },
        { runtime },
      );
      await using client = await Peer.connect(await flow.port("db"));
      const server = await backend.peer();
      const [dying, other] = side === "client" ? [client, server] : [server, client];
      const writers = [client, server].map(async (peer) => {
        const chunk = Buffer.alloc(1024 * 1024);
        const sent = (): Promise<boolean> =>
          peer.send(chunk).then(
            () => true,
            () => false,
          );
        while (await sent());
      });
      await eventually(() => count.bytes > 32 * 1024 * 1024);
      dying.reset();
      expect(await other.end()).toBe("reset");
      await Promise.all(writers);
      expect((await flow.log.record()).reason).toBe(`${side}-reset`);
    },
    20_000,
  );
});
