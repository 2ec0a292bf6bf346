// The Socket contract on the TLS sockets of the `node:` adapter, here on Bun's `node:tls`; test/deno/ runs it on Deno's.

import { describe, expect, test } from "bun:test";
import { version } from "node:process";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { connectPair } from "../support/socket-pair.ts";
import { tlsRuntime } from "../support/tls-runtime.ts";
import { socketContract } from "./socket-contract.ts";

/**
 * What Bun 1.4.5 breaks below us: each of these has to fail, so that an upgrade which mends one shows. Its TLS over a stream
 * answers the peer's goodbye with its own, so that there are no halves; only tests use it, and Bun's own sockets have halves.
 */
const BROKEN_IN_BUN: ReadonlySet<string> = new Set([
  "FIN is held back while paused, and told after the last byte",
  "bytes and FIN that wait while paused are not lost when this side had shut down",
  "a small answer and FIN that wait while paused are not lost when this side had shut down",
  "FIN after megabytes to a slow reader loses nothing, and the other direction goes on: client first",
  "FIN after megabytes to a slow reader loses nothing, and the other direction goes on: server first",
  "FIN ends one direction only, over tcp: client first",
  "FIN ends one direction only, over tcp: server first",
  "FIN ends one direction only, over unix: client first",
  "FIN ends one direction only, over unix: server first",
  "end after the peer's FIN delivers everything that was written before it",
]);
/** The same, of what would wait for ever: each stands for one that shows why, below. */
const HANGS_IN_BUN: ReadonlySet<string> = new Set([
  "an owner that throws in ended is told in failed and can still write",
  "a second shutdown changes nothing",
]);

const runtime = await tlsRuntime(nodeRuntime("node", version));

describe("a TLS socket of the node: adapter", () => {
  socketContract(
    runtime,
    (name, run) => {
      if (HANGS_IN_BUN.has(name)) test(`KNOWN TO HANG: ${name}`, answersGoodbye);
      else if (BROKEN_IN_BUN.has(name)) test.failing(`KNOWN TO FAIL: ${name}`, run);
      else test(name, run);
    },
    false,
  );
});

/** What both of them wait for, bytes after the peer's goodbye, is lost; the connection has ended by itself before. */
async function answersGoodbye(): Promise<void> {
  await using pair = await connectPair(runtime);
  pair.client.socket.shutdown();
  await pair.server.until(() => pair.server.events.includes("ended"));
  pair.server.socket.write(new TextEncoder().encode("late"));
  await pair.client.until(() => pair.client.isClosed);
  await pair.server.until(() => pair.server.isClosed);
  expect(pair.client.receivedBytes).toBe(0);
}
