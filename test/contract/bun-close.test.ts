// How Bun 1.4.5 ends connections. Each test pins one behaviour the gateway is built around; when an upgrade of Bun makes
// one fail, the comment says which rule of ours to look at again.

import { expect, test } from "bun:test";
import { connectBunPair, settled } from "../support/bun-pair.ts";

test("shutdown() sends FIN and keeps reading, though readyState stays 1", async () => {
  // So we forward FIN with shutdown(), remember ourselves that we did, and never ask readyState.
  using pair = await connectBunPair();
  pair.client.shutdown();
  expect(pair.client.readyState).toBe(1);
  expect(pair.client.write("late")).toBe(-1);
  await pair.serverHeard.heard("end");
  pair.server.write("answer");
  await pair.clientHeard.heard("data 6");
});

test("end() closes both directions inside the call", async () => {
  // So nothing here calls end(): it is no half-close, whatever its documentation says.
  using pair = await connectBunPair();
  pair.client.end();
  expect(pair.clientHeard.events).toEqual(["open", "close"]);
});

test("end(data) drops what the kernel does not take, and the peer sees a clean end", async () => {
  // So last bytes go through write() and its return value, like all others; shutdown() follows when they are gone.
  using pair = await connectBunPair();
  pair.server.pause();
  const size = 64 * 1024 * 1024;
  const taken = pair.client.end(new Uint8Array(size));
  expect(taken).toBeLessThan(size);
  pair.server.resume();
  await pair.serverHeard.heard("end");
  expect(pair.serverHeard.receivedBytes).toBe(taken);
  expect(pair.clientHeard.events.at(-1)).toBe("close");
});

test("without an end handler the peer's FIN closes the socket, in spite of allowHalfOpen", async () => {
  // So our handler table always has `end`.
  using pair = await connectBunPair({ server: { end: undefined } });
  pair.client.shutdown();
  await pair.serverHeard.heard("close");
  expect(pair.serverHeard.events).toEqual(["open", "close"]);
});

test("the peer's FIN is told by close alone when this side had sent its own", async () => {
  // So owners take a close without error, after their own shutdown, for the end of both directions.
  using pair = await connectBunPair();
  pair.client.shutdown();
  await pair.serverHeard.heard("end");
  pair.server.shutdown();
  await pair.clientHeard.heard("close");
  await pair.serverHeard.heard("close");
  expect(pair.clientHeard.events).toEqual(["open", "close"]);
});

test("terminate() resets: clean and inside the call here, ECONNRESET at the peer", async () => {
  // So an owner may hear `closed` before its call of terminate() returned, and aborts are forwarded with it.
  using pair = await connectBunPair();
  pair.client.terminate();
  expect(pair.clientHeard.events).toEqual(["open", "close"]);
  await pair.serverHeard.heard("close");
  expect(pair.serverHeard.events).toEqual(["open", "close ECONNRESET"]);
});

test("a reset by a peer that had sent FIN is EPIPE and not ECONNRESET", async () => {
  // So EPIPE counts as a reset by the peer when we look for the close reason.
  using pair = await connectBunPair();
  pair.client.shutdown();
  await pair.serverHeard.heard("end");
  pair.client.terminate();
  await pair.serverHeard.heard("close");
  expect(pair.serverHeard.events.at(-1)).toBe("close EPIPE");
});

test.each([false, true])(
  "a reset that a failed write came across looks like FIN afterwards (FIN before it: %p)",
  async (fin) => {
    // The kernel tells of an error once, and tells the write. So after -1 an `end` is not taken for FIN.
    using pair = await connectBunPair();
    if (fin) pair.server.shutdown();
    pair.server.terminate();
    expect(pair.client.write("question")).toBe(-1);
    await pair.clientHeard.heard("close");
    expect(pair.clientHeard.events).toEqual(["open", "end", "close"]);
  },
);

test("timeout() calls its handler once and closes nothing", async () => {
  // So idle and lifetime limits come from our own timer wheel.
  using pair = await connectBunPair({ server: { timeout: () => pair.serverHeard.tell("timeout") } });
  pair.server.timeout(1);
  await pair.serverHeard.heard("timeout");
  await settled();
  expect(pair.serverHeard.events.some((event) => event.startsWith("close"))).toBe(false);
  expect(pair.client.write("still open")).toBe(10);
  await pair.serverHeard.heard("data 10");
  expect(pair.serverHeard.count("timeout")).toBe(1);
}, 30_000);
