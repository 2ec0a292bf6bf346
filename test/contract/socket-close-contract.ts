// The part of the Socket contract about ends: FIN per direction, RST, and what is told of them.

import assert from "node:assert/strict";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { withoutEnded } from "../support/recorder.ts";
import { connectPair, patternBytes } from "../support/socket-pair.ts";
import type { DeclareTest } from "./socket-contract.ts";

/** Declares the tests about ends for the sockets of `runtime`. */
export function socketCloseContract(runtime: Runtime, test: DeclareTest): void {
  finContract(runtime, test);
  resetContract(runtime, test);
}

function finContract(runtime: Runtime, test: DeclareTest): void {
  for (const where of ["tcp", "unix"] as const) {
    for (const [first, second] of [
      ["client", "server"],
      ["server", "client"],
    ] as const) {
      test(`FIN ends one direction only, over ${where}: ${first} first`, async () => {
        await using pair = await connectPair(runtime, where === "unix" ? "unix" : { on: "127.0.0.1" });
        const [a, b] = [pair[first], pair[second]];
        a.socket.shutdown();
        await b.until(() => b.events.includes("ended"));
        for (const part of ["still ", "two ", "ways"]) {
          await b.send(part);
          await pair.settled();
        }
        await a.until(() => a.receivedBytes === 14);
        assert.equal(a.isClosed, false);
        assert.equal(b.isClosed, false);
        b.socket.shutdown();
        await a.until(() => a.isClosed);
        await b.until(() => b.isClosed);
        assert.deepEqual(withoutEnded(a), ["opened", "received", "closed"]);
        assert.deepEqual(b.events, ["opened", "ended", "closed"]);
      });
    }
  }

  test("end after the peer's FIN delivers everything that was written before it", async () => {
    await using pair = await connectPair(runtime);
    pair.client.socket.pause();
    pair.client.socket.shutdown();
    await pair.server.until(() => pair.server.events.includes("ended"));
    const bytes = patternBytes(1_000_000);
    let written = 0;
    for (let taken = 1; taken > 0 && written < bytes.length; written += Math.max(taken, 0)) {
      taken = pair.server.socket.write(bytes.subarray(written));
    }
    pair.server.socket.end();
    pair.client.socket.resume();
    await pair.client.until(() => pair.client.isClosed);
    await pair.server.until(() => pair.server.isClosed);
    assert.equal(pair.client.receivedBytes, written);
    assert.deepEqual(withoutEnded(pair.client).slice(-1), ["closed"]);
    assert.equal(pair.server.events.at(-1), "closed");
  });

  test("a second shutdown changes nothing", async () => {
    await using pair = await connectPair(runtime);
    pair.client.socket.shutdown();
    pair.client.socket.shutdown();
    await pair.server.until(() => pair.server.events.includes("ended"));
    await pair.server.send("late");
    await pair.client.until(() => pair.client.receivedBytes === 4);
    assert.deepEqual(pair.server.events, ["opened", "ended"]);
  });

  test("FIN from both sides at once closes both without an error", async () => {
    await using pair = await connectPair(runtime);
    pair.client.socket.shutdown();
    pair.server.socket.shutdown();
    await pair.client.until(() => pair.client.isClosed);
    await pair.server.until(() => pair.server.isClosed);
    assert.deepEqual(withoutEnded(pair.client), ["opened", "closed"]);
    assert.deepEqual(withoutEnded(pair.server), ["opened", "closed"]);
  });

  test("an accepted connection goes on after its listener stopped", async () => {
    await using pair = await connectPair(runtime);
    pair.listening.stop();
    await pair.client.send("on");
    await pair.server.until(() => pair.server.receivedBytes === 2);
    await pair.server.send("and on");
    await pair.client.until(() => pair.client.receivedBytes === 6);
  });
}

function resetContract(runtime: Runtime, test: DeclareTest): void {
  for (const [first, second] of [
    ["client", "server"],
    ["server", "client"],
  ] as const) {
    test(`terminate is a reset for the peer and a clean close here: ${first}`, async () => {
      await using pair = await connectPair(runtime);
      const [a, b] = [pair[first], pair[second]];
      a.socket.terminate();
      await b.until(() => b.isClosed);
      await a.until(() => a.isClosed);
      await pair.settled();
      assert.deepEqual(a.events, ["opened", "closed"]);
      assert.deepEqual(b.events, ["opened", "closed ECONNRESET"]);
    });
  }

  test("a reset with megabytes under way is a reset and not an end", async () => {
    await using pair = await connectPair(runtime);
    const chunk = patternBytes(1024 * 1024);
    await pair.client.send(chunk);
    pair.client.socket.write(chunk);
    pair.client.socket.terminate();
    await pair.server.until(() => pair.server.isClosed);
    assert.deepEqual(
      pair.server.events.filter((event) => event !== "received"),
      ["opened", "closed ECONNRESET"],
    );
  });

  test("a reset while bytes wait to be read is told as one, with all of the bytes or none", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.pause();
    await pair.client.send("before");
    await pair.settled();
    pair.client.socket.terminate();
    await pair.settled();
    // Some runtimes tell at once, others when reading goes on.
    if (!pair.server.isClosed) pair.server.socket.resume();
    await pair.server.until(() => pair.server.isClosed);
    assert.ok(["", "before"].includes(pair.server.text()));
    assert.equal(pair.server.events.at(-1), "closed ECONNRESET");
    assert.equal(pair.server.events.includes("ended"), false);
  });

  test("writing to a peer that reset ends in -1 and one close", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.terminate();
    const bytes = new Uint8Array(1);
    await pair.client.until(() => pair.client.isClosed || pair.client.socket.write(bytes) < 0);
    await pair.client.until(() => pair.client.isClosed);
    assert.equal(pair.client.socket.write(bytes), -1);
    assert.equal(pair.client.events.filter((event) => event.startsWith("closed")).length, 1);
  });

  test("nothing is told after closed", async () => {
    await using pair = await connectPair(runtime);
    const sending = pair.client.send(patternBytes(4 * 1024 * 1024));
    await pair.server.until(() => pair.server.receivedBytes > 0);
    pair.server.socket.terminate();
    await pair.server.until(() => pair.server.isClosed);
    const received = pair.server.receivedBytes;
    await Promise.allSettled([sending]);
    await pair.client.until(() => pair.client.isClosed);
    await pair.settled();
    assert.equal(pair.server.receivedBytes, received);
    assert.equal(pair.server.events.at(-1), "closed");
  });

  test("an abort over a unix socket is told to the peer as an end or a close", async () => {
    await using pair = await connectPair(runtime, "unix");
    pair.client.socket.terminate();
    await pair.server.until(() => pair.server.isClosed || pair.server.events.includes("ended"));
    await pair.client.until(() => pair.client.isClosed);
    assert.deepEqual(pair.client.events, ["opened", "closed"]);
  });
}
