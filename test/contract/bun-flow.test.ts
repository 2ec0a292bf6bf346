// How Bun 1.4.5 moves bytes. Each test pins one behaviour the pipe is built around; when an upgrade of Bun makes one
// fail, the comment says which rule of ours to look at again.

import { expect, test } from "bun:test";
import { connectBunPair, settled } from "../support/bun-pair.ts";
import { patternBytes } from "../support/socket-pair.ts";

test("write() returns a short count, then 0, and keeps nothing back for later", async () => {
  // So what was not taken is ours to keep, and at most one chunk per direction waits.
  using pair = await connectBunPair();
  pair.server.pause();
  const bytes = patternBytes(64 * 1024 * 1024);
  const taken = pair.client.write(bytes);
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(bytes.length);
  expect(pair.client.write(bytes, taken, bytes.length - taken)).toBe(0);
  pair.client.shutdown();
  pair.server.resume();
  await pair.serverHeard.heard("end");
  expect(pair.serverHeard.receivedBytes).toBe(taken);
});

test("write() throws at an offset without a length", async () => {
  // So the Socket contract has no such call: a part is given with offset and length.
  using pair = await connectBunPair();
  const bytes = new Uint8Array(10);
  expect(() => pair.client.write(bytes, 4)).toThrow(RangeError);
  expect(pair.client.write(bytes, 4, 6)).toBe(6);
});

test("each chunk is an array of its own with exactly its bytes", async () => {
  // So a chunk may be kept without copying and without holding on to a larger buffer.
  using pair = await connectBunPair();
  const bytes = patternBytes(4 * 1024 * 1024);
  let sent = 0;
  while (sent < bytes.length) {
    const drains = pair.clientHeard.count("drain");
    sent += pair.client.write(bytes, sent, bytes.length - sent);
    if (sent < bytes.length) await pair.clientHeard.until(() => pair.clientHeard.count("drain") > drains);
  }
  await pair.serverHeard.until(() => pair.serverHeard.receivedBytes === bytes.length);
  const { chunks } = pair.serverHeard;
  expect(new Set(chunks.map((chunk) => chunk.buffer)).size).toBe(chunks.length);
  for (const chunk of chunks) {
    expect(chunk.byteOffset).toBe(0);
    expect(chunk.buffer.byteLength).toBe(chunk.length);
  }
  expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
});

test("a chunk is never larger than 512 KiB", async () => {
  // So that much, and no more, can wait in our memory per direction.
  using pair = await connectBunPair();
  pair.server.pause();
  const taken = pair.client.write(patternBytes(64 * 1024 * 1024));
  pair.server.resume();
  await pair.serverHeard.until(() => pair.serverHeard.receivedBytes === taken);
  expect(Math.max(...pair.serverHeard.chunks.map((chunk) => chunk.length))).toBeLessThanOrEqual(512 * 1024);
});

test("drain is called though nothing was written, after pause() and resume()", async () => {
  // So `writable` is cheap, asks whether something waits, and we do not pause for every chunk.
  using pair = await connectBunPair();
  const before = pair.clientHeard.count("drain");
  pair.client.pause();
  pair.client.resume();
  await pair.clientHeard.until(() => pair.clientHeard.count("drain") > before);
});

test("after a reset the waiting bytes are delivered through the pause, then the close", async () => {
  // So an owner that paused must still be able to take one more chunk.
  using pair = await connectBunPair();
  pair.client.pause();
  pair.server.write("before");
  await settled();
  expect(pair.clientHeard.receivedBytes).toBe(0);
  pair.server.terminate();
  await pair.clientHeard.heard("close");
  expect(pair.clientHeard.events.filter((event) => event !== "drain")).toEqual(["open", "data 6", "close ECONNRESET"]);
});

test("FIN is held back while paused, behind bytes that wait", async () => {
  // So pausing is all it takes to stop a direction: no end can overtake its bytes.
  using pair = await connectBunPair();
  pair.client.pause();
  pair.server.write("before");
  pair.server.shutdown();
  await settled();
  expect(pair.clientHeard.events.filter((event) => event !== "drain")).toEqual(["open"]);
  pair.client.resume();
  await pair.clientHeard.heard("end");
  expect(pair.clientHeard.events.filter((event) => event !== "drain")).toEqual(["open", "data 6", "end"]);
});
