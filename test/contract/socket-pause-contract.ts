// The part of the Socket contract about reading: what pause holds back, and that nothing is lost when FIN follows
// megabytes.

import assert from "node:assert/strict";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { Recorder, withoutEnded } from "../support/recorder.ts";
import { connectPair, patternBytes } from "../support/socket-pair.ts";
import type { DeclareTest } from "./socket-contract.ts";

/** More than loopback's kernel buffers take, so that a slow reader makes the writer wait. */
const LARGE_BYTES = 24 * 1024 * 1024;

/** Declares the tests about reading for the sockets of `runtime`; `holdsAll`: as long as nothing was read. */
export function socketPauseContract(runtime: Runtime, test: DeclareTest, holdsAll: boolean): void {
  test("a paused socket hears of no bytes until it is resumed, and then of all", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.pause();
    await pair.client.send("held back");
    await pair.settled();
    assert.equal(pair.server.receivedBytes, 0);
    pair.server.socket.resume();
    await pair.server.until(() => pair.server.receivedBytes === 9);
    assert.equal(pair.server.text(), "held back");
  });

  test("a socket that is paused while bytes arrive stops at once", async () => {
    await using pair = await connectPair(runtime);
    const sending = pair.client.send(patternBytes(LARGE_BYTES));
    await pair.server.until(() => pair.server.receivedBytes > 0);
    pair.server.socket.pause();
    const received = pair.server.receivedBytes;
    await pair.settled();
    assert.equal(pair.server.receivedBytes, received);
    pair.server.socket.resume();
    await sending;
    await pair.server.until(() => pair.server.receivedBytes === LARGE_BYTES);
  });

  test("FIN is held back while paused, and told after the last byte", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.pause();
    await pair.client.send("then FIN");
    pair.client.socket.shutdown();
    await pair.settled();
    assert.deepEqual(pair.server.events, ["opened"]);
    pair.server.socket.resume();
    await pair.server.until(() => pair.server.events.includes("ended"));
    assert.deepEqual(pair.server.events, ["opened", "received", "ended"]);
    assert.equal(pair.server.text(), "then FIN");
  });

  test(`a socket paused in opened loses nothing${holdsAll ? ", and hears of no byte and no FIN before it is resumed" : ""}`, async () => {
    await using pair = await connectPair(runtime);
    const accepted = new Recorder();
    accepted.pausesInOpened = true;
    const listening = await runtime.listen({ host: "127.0.0.1", port: 0 }, accepted);
    const client = new Recorder();
    runtime.connect({ host: "127.0.0.1", port: listening.port }, client);
    await client.until(() => client.isOpen);
    await client.send("client first");
    client.socket.shutdown();
    await accepted.until(() => accepted.isOpen);
    await pair.settled();
    // What came with the last bytes of a TLS handshake was read already; on a plain socket nothing was.
    if (holdsAll) assert.deepEqual(accepted.events, ["opened"]);
    accepted.socket.resume();
    await accepted.until(() => accepted.events.includes("ended"));
    assert.equal(accepted.text(), "client first");
    accepted.socket.shutdown();
    await client.until(() => client.isClosed);
    listening.stop();
  });

  test("a socket that is told of FIN although it paused closes when this side has shut down, resumed or not", async () => {
    await using pair = await connectPair(runtime);
    const { client, server } = pair;
    server.pausesInReceived = true;
    const sending = client.send("bytes, and FIN right behind them");
    client.socket.shutdown();
    await sending;
    await server.until(() => server.receivedBytes > 0);
    await pair.settled();
    if (!server.events.includes("ended")) server.socket.resume();
    await server.until(() => server.events.includes("ended"));
    server.socket.shutdown();
    await server.until(() => server.isClosed);
    await client.until(() => client.isClosed);
    assert.deepEqual(server.events, ["opened", "received", "ended", "closed"]);
  });

  test("one resume ends any number of pauses", async () => {
    await using pair = await connectPair(runtime);
    pair.client.socket.pause();
    pair.client.socket.pause();
    await pair.server.send("again");
    await pair.settled();
    assert.equal(pair.client.receivedBytes, 0);
    pair.client.socket.resume();
    await pair.client.until(() => pair.client.receivedBytes === 5);
  });

  test("bytes and FIN that wait while paused are not lost when this side had shut down", async () => {
    await using pair = await connectPair(runtime);
    const bytes = patternBytes(LARGE_BYTES);
    pair.server.socket.shutdown();
    await pair.client.until(() => pair.client.events.includes("ended"));
    pair.server.socket.pause();
    const sending = Promise.allSettled([pair.client.send(bytes).then(() => pair.client.socket.shutdown())]);
    await pair.settled();
    assert.deepEqual(pair.server.events, ["opened"]);
    pair.server.socket.resume();
    assert.equal((await sending)[0].status, "fulfilled");
    await pair.server.until(() => pair.server.isClosed);
    assert.ok(Buffer.from(bytes).equals(pair.server.bytes()));
    assert.deepEqual(withoutEnded(pair.server), ["opened", "received", "closed"]);
  });

  test("a small answer and FIN that wait while paused are not lost when this side had shut down", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.shutdown();
    await pair.client.until(() => pair.client.events.includes("ended"));
    pair.server.socket.pause();
    await pair.client.send("answer");
    pair.client.socket.shutdown();
    await pair.settled();
    assert.deepEqual(pair.server.events, ["opened"]);
    pair.server.socket.resume();
    await pair.server.until(() => pair.server.isClosed);
    assert.equal(pair.server.text(), "answer");
    assert.deepEqual(withoutEnded(pair.server), ["opened", "received", "closed"]);
  });

  for (const [writer, reader] of [
    ["client", "server"],
    ["server", "client"],
  ] as const) {
    test(`FIN after megabytes to a slow reader loses nothing, and the other direction goes on: ${writer} first`, async () => {
      await using pair = await connectPair(runtime);
      const bytes = patternBytes(LARGE_BYTES);
      const from = pair[writer];
      const to = pair[reader];
      to.socket.pause();
      const sending = from.send(bytes).then(() => from.socket.shutdown());
      await pair.settled();
      assert.equal(to.receivedBytes, 0);
      // Reads a little at a time, so that the writer meets many short writes.
      while (to.receivedBytes < bytes.length) {
        const before = to.receivedBytes;
        to.socket.resume();
        await to.until(() => to.receivedBytes > before);
        to.socket.pause();
      }
      to.socket.resume();
      await sending;
      await to.until(() => to.events.includes("ended"));
      assert.ok(Buffer.from(bytes).equals(to.bytes()));
      await to.send(bytes);
      to.socket.shutdown();
      await from.until(() => from.isClosed);
      assert.ok(Buffer.from(bytes).equals(from.bytes()));
      await to.until(() => to.isClosed);
      assert.deepEqual(to.events, ["opened", "received", "ended", "closed"]);
      assert.deepEqual(withoutEnded(from), ["opened", "received", "closed"]);
    });
  }
}
