// The part of the Socket contract about write: what it returns, and whose the bytes are afterwards.

import assert from "node:assert/strict";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { connectPair, patternBytes } from "../support/socket-pair.ts";
import type { DeclareTest } from "./socket-contract.ts";

/** More than loopback's kernel buffers take, so that a slow reader makes the writer wait. */
const LARGE_BYTES = 24 * 1024 * 1024;

/** Declares the tests about write for the sockets of `runtime`. */
export function socketWriteContract(runtime: Runtime, test: DeclareTest): void {
  test("write says how many bytes were taken, and takes a part when asked to", async () => {
    await using pair = await connectPair(runtime);
    const bytes = new TextEncoder().encode("0123456789");
    assert.equal(pair.client.socket.write(bytes), 10);
    assert.equal(pair.client.socket.write(bytes, 4, 6), 6);
    assert.equal(pair.client.socket.write(bytes, 2, 3), 3);
    assert.equal(pair.client.socket.write(bytes, 10, 0), 0);
    assert.equal(pair.client.socket.write(new Uint8Array()), 0);
    await pair.server.until(() => pair.server.receivedBytes === 19);
    assert.equal(pair.server.text(), "0123456789456789234");
  });

  test("bytes that were taken are the socket's, whatever the caller does with the array", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.pause();
    const expected = patternBytes(128 * 1024);
    const bytes = expected.slice();
    assert.equal(pair.client.socket.write(bytes), bytes.length);
    bytes.fill(0);
    pair.server.socket.resume();
    await pair.server.until(() => pair.server.receivedBytes === expected.length);
    assert.ok(Buffer.from(expected).equals(pair.server.bytes()));
  });

  test("a reader that stops makes write come up short, then 0; writable comes when it reads on", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.pause();
    const bytes = patternBytes(LARGE_BYTES);
    let sent = 0;
    for (;;) {
      const taken = pair.client.socket.write(bytes, sent, bytes.length - sent);
      assert.ok(taken >= 0);
      sent += taken;
      if (taken === 0) break;
    }
    assert.ok(sent < bytes.length);
    const before = pair.client.writables;
    pair.server.socket.resume();
    await pair.client.until(() => pair.client.writables > before);
    await pair.client.send(bytes.subarray(sent));
    await pair.server.until(() => pair.server.receivedBytes === bytes.length);
    assert.ok(Buffer.from(bytes).equals(pair.server.bytes()));
  });

  test("write after shutdown is -1 and sends nothing", async () => {
    await using pair = await connectPair(runtime);
    await pair.client.send("last");
    pair.client.socket.shutdown();
    assert.equal(pair.client.socket.write(new TextEncoder().encode("more")), -1);
    await pair.server.until(() => pair.server.events.includes("ended"));
    assert.equal(pair.server.text(), "last");
  });

  test("write after terminate and after close is -1, and closing again does nothing", async () => {
    await using pair = await connectPair(runtime);
    const bytes = new Uint8Array(1);
    pair.client.socket.terminate();
    assert.equal(pair.client.socket.write(bytes), -1);
    await pair.server.until(() => pair.server.isClosed);
    assert.equal(pair.server.socket.write(bytes), -1);
    for (const { socket } of [pair.client, pair.server]) {
      socket.shutdown();
      socket.pause();
      socket.resume();
      socket.terminate();
    }
    await pair.client.until(() => pair.client.isClosed);
    await pair.settled();
    assert.deepEqual(pair.client.events, ["opened", "closed"]);
    assert.deepEqual(pair.server.events, ["opened", "closed ECONNRESET"]);
  });
}
