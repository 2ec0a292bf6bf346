// Reading Bun's sockets behind its back, as `runtime/bun-direct-reader.ts` does for fast streams.

import { expect, test } from "bun:test";
import { readSync } from "node:fs";
import { connectBunPair, settled } from "../support/bun-pair.ts";
import { patternBytes } from "../support/socket-pair.ts";

function descriptorOf(socket: object): number {
  return "fd" in socket && typeof socket.fd === "number" ? socket.fd : -1;
}

/** Reads until `count` bytes are there: loopback needs a moment to bring them. */
async function readDirectly(descriptor: number, count: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let at = 0; at < count;) {
    try {
      at += readSync(descriptor, bytes, at, count - at, null);
    } catch (error) {
      expect(error).toMatchObject({ code: "EAGAIN" });
      await settled();
    }
  }
  return bytes;
}

test("a socket has a descriptor while it is open, and -1 afterwards", async () => {
  // So a descriptor is never read that may by then belong to somebody else.
  using pair = await connectBunPair();
  expect(descriptorOf(pair.server)).toBeGreaterThan(2);
  pair.server.terminate();
  expect(descriptorOf(pair.server)).toBe(-1);
});

test("a paused socket can be read by its descriptor; Bun goes on where that ended, and tells the FIN", async () => {
  // So a fast stream can be pumped for a while without losing or repeating a byte.
  using pair = await connectBunPair();
  pair.server.pause();
  const bytes = patternBytes(100_000);
  pair.client.write(bytes);
  pair.client.shutdown();
  expect(await readDirectly(descriptorOf(pair.server), 60_000)).toEqual(bytes.subarray(0, 60_000));
  expect(pair.serverHeard.receivedBytes).toBe(0);
  pair.server.resume();
  await pair.serverHeard.heard("end");
  expect(Buffer.concat(pair.serverHeard.chunks)).toEqual(Buffer.from(bytes.subarray(60_000)));
});

test("an empty socket says EAGAIN, and 0 after a FIN, again and again", async () => {
  // So 0 needs no handling: Bun finds the FIN itself when the socket is resumed.
  using pair = await connectBunPair();
  pair.server.pause();
  const descriptor = descriptorOf(pair.server);
  const buffer = new Uint8Array(10);
  expect(() => readSync(descriptor, buffer, 0, 10, null)).toThrow("EAGAIN");
  pair.client.write("x");
  pair.client.shutdown();
  await readDirectly(descriptor, 1);
  let count = -1;
  while (count !== 0) {
    try {
      count = readSync(descriptor, buffer, 0, 10, null);
    } catch {
      await settled();
    }
  }
  expect(readSync(descriptor, buffer, 0, 10, null)).toBe(0);
});
