// What the data path relies on in every Socket, whoever implements it: one suite, run on Bun's own sockets, on the
// `node:net` adapter under Bun, and on the same adapter under Deno. It uses nothing of a test framework.

import assert from "node:assert/strict";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { Recorder, withoutEnded } from "../support/recorder.ts";
import { connectPair, patternBytes } from "../support/socket-pair.ts";
import { socketCloseContract } from "./socket-close-contract.ts";
import { socketPauseContract } from "./socket-pause-contract.ts";
import { socketWriteContract } from "./socket-write-contract.ts";

/** How a test framework is told of one test. */
export type DeclareTest = (name: string, run: () => Promise<void>) => void;

/** Declares the whole suite for the sockets of `runtime`; `holdsAll`: one that is paused in `opened` was never read. */
export function socketContract(runtime: Runtime, test: DeclareTest, holdsAll = true): void {
  openingContract(runtime, test);
  addressContract(runtime, test);
  ownerContract(runtime, test);
  socketWriteContract(runtime, test);
  socketPauseContract(runtime, test, holdsAll);
  socketCloseContract(runtime, test);
}

function openingContract(runtime: Runtime, test: DeclareTest): void {
  test("both ends hear of a connection once, and of its end once and last", async () => {
    const pair = await connectPair(runtime);
    await pair.client.send("hello");
    await pair.server.until(() => pair.server.receivedBytes === 5);
    pair.client.socket.shutdown();
    await pair.server.until(() => pair.server.events.includes("ended"));
    pair.server.socket.shutdown();
    await pair.server.until(() => pair.server.isClosed);
    await pair.client.until(() => pair.client.isClosed);
    await pair.settled();
    assert.deepEqual(withoutEnded(pair.client), ["opened", "closed"]);
    assert.deepEqual(pair.server.events, ["opened", "received", "ended", "closed"]);
    await pair[Symbol.asyncDispose]();
  });

  test("a refused connection is told once, after connect returned, with the errno name", async () => {
    await using pair = await connectPair(runtime);
    const closed = await runtime.listen({ host: "127.0.0.1", port: 0 }, new Recorder());
    closed.stop();
    const dial = new Recorder();
    runtime.connect({ host: "127.0.0.1", port: closed.port }, dial);
    assert.deepEqual(dial.events, []);
    await dial.until(() => dial.events.length > 0);
    await pair.settled();
    assert.deepEqual(dial.events, ["unreachable ECONNREFUSED"]);
  });

  test("a unix socket that is not there is told as ENOENT, after connect returned", async () => {
    await using pair = await connectPair(runtime);
    const dial = new Recorder();
    runtime.connect({ unix: "/nonexistent/sallyport.sock" }, dial);
    assert.deepEqual(dial.events, []);
    await dial.until(() => dial.events.length > 0);
    await pair.settled();
    assert.deepEqual(dial.events, ["unreachable ENOENT"]);
  });

  test("a port that cannot exist is told and not thrown", async () => {
    const dial = new Recorder();
    runtime.connect({ host: "127.0.0.1", port: 70_000 }, dial);
    assert.deepEqual(dial.events, []);
    await dial.until(() => dial.events.length > 0);
    assert.equal(dial.events.length, 1);
    assert.match(dial.events[0] ?? "", /^unreachable ERR_/);
  });
}

function addressContract(runtime: Runtime, test: DeclareTest): void {
  const forms = [
    { name: "IPv4", on: "127.0.0.1", to: "127.0.0.1", seen: "127.0.0.1" },
    { name: "IPv6", on: "::1", to: "::1", seen: "::1" },
    { name: "IPv6 on a dual-stack listener", on: "::", to: "::1", seen: "::1" },
    // IPv4-mapped; base/ip.ts reads it as IPv4.
    { name: "IPv4 on a dual-stack listener", on: "::", to: "127.0.0.1", seen: "::ffff:127.0.0.1" },
  ];
  for (const { name, on, to, seen } of forms) {
    test(`addresses have no brackets and belong together: ${name}`, async () => {
      await using pair = await connectPair(runtime, { on, to });
      const client = pair.client.socket;
      const server = pair.server.socket;
      assert.equal(client.remoteAddress, to);
      assert.equal(client.remotePort, pair.listening.port);
      assert.equal(client.localAddress, to);
      assert.equal(server.remoteAddress, seen);
      assert.equal(server.localAddress, seen);
      assert.equal(server.localPort, pair.listening.port);
      assert.equal(server.remotePort, client.localPort);
    });
  }

  test("unix sockets carry bytes and have no addresses", async () => {
    await using pair = await connectPair(runtime, "unix");
    await pair.client.send("over unix");
    await pair.server.until(() => pair.server.receivedBytes === 9);
    for (const { socket } of [pair.client, pair.server]) {
      assert.equal(socket.remoteAddress, undefined);
      assert.equal(socket.remotePort, undefined);
      assert.equal(socket.localAddress, undefined);
      assert.equal(socket.localPort, undefined);
    }
    assert.equal(pair.listening.port, 0);
  });
}

function ownerContract(runtime: Runtime, test: DeclareTest): void {
  test("a new owner hears everything from the moment it is assigned", async () => {
    await using pair = await connectPair(runtime);
    await pair.client.send("one");
    await pair.server.until(() => pair.server.receivedBytes === 3);
    const next = new Recorder();
    pair.server.socket.data = next;
    await pair.client.send("two");
    await next.until(() => next.receivedBytes === 3);
    pair.server.socket.data = pair.server;
    assert.equal(next.text(), "two");
    assert.equal(pair.server.text(), "one");
    assert.deepEqual(next.events, ["received"]);
  });

  test("received arrays may be kept", async () => {
    await using pair = await connectPair(runtime);
    await pair.client.send("first");
    await pair.server.until(() => pair.server.receivedBytes === 5);
    await pair.client.send(patternBytes(1024 * 1024));
    await pair.server.until(() => pair.server.receivedBytes === 5 + 1024 * 1024);
    assert.deepEqual(Buffer.from(pair.server.bytes()).subarray(0, 5).toString(), "first");
    assert.ok(Buffer.from(patternBytes(1024 * 1024)).equals(pair.server.bytes().subarray(5)));
  });

  for (const end of ["client", "server"] as const) {
    test(`an owner that throws in opened is told in failed and keeps its socket: ${end}`, async () => {
      await using pair = await connectPair(runtime, { on: "127.0.0.1" }, { [end]: "opened" });
      const broken = pair[end];
      await broken.until(() => broken.events.length === 2);
      assert.deepEqual(broken.events, ["opened", "failed Bug in opened"]);
      const other = end === "client" ? pair.server : pair.client;
      await other.send("still open");
      await broken.until(() => broken.receivedBytes === 10);
      await broken.send("both ways");
      await other.until(() => other.receivedBytes === 9);
    });
  }

  test("an owner that throws in received is told in failed and keeps its socket", async () => {
    await using pair = await connectPair(runtime);
    pair.server.throwsIn = "received";
    await pair.client.send("x");
    await pair.server.until(() => pair.server.events.includes("failed Bug in received"));
    pair.server.throwsIn = undefined;
    await pair.client.send("y");
    await pair.server.until(() => pair.server.receivedBytes === 2);
    assert.equal(pair.server.isClosed, false);
  });

  test("an owner that throws in ended is told in failed and can still write", async () => {
    await using pair = await connectPair(runtime);
    pair.server.throwsIn = "ended";
    pair.client.socket.shutdown();
    await pair.server.until(() => pair.server.events.includes("failed Bug in ended"));
    await pair.server.send("late");
    await pair.client.until(() => pair.client.receivedBytes === 4);
  });

  test("an owner that throws in writable is told in failed and keeps its socket", async () => {
    await using pair = await connectPair(runtime);
    pair.server.socket.pause();
    const chunk = patternBytes(1024 * 1024);
    while (pair.client.socket.write(chunk) === chunk.length);
    pair.client.throwsIn = "writable";
    pair.server.socket.resume();
    await pair.client.until(() => pair.client.events.includes("failed Bug in writable"));
    assert.equal(pair.client.isClosed, false);
  });

  test("an owner that throws in closed is told in failed", async () => {
    await using pair = await connectPair(runtime);
    pair.server.throwsIn = "closed";
    pair.client.socket.terminate();
    await pair.server.until(() => pair.server.events.includes("failed Bug in closed"));
  });
}
