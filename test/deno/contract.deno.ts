// The contracts under Deno, where `node:test` is the framework both runtimes know. Run by `bun run test:deno`; the name
// keeps it from `bun test`, which would run it on Bun.

import assert from "node:assert/strict";
import test from "node:test";
import { versions } from "node:process";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { runtimeContract } from "../contract/runtime-contract.ts";
import { type DeclareTest, socketContract } from "../contract/socket-contract.ts";
import { tlsContract } from "../contract/tls-contract.ts";
import { tlsRuntime } from "../support/tls-runtime.ts";

/**
 * What Deno 2.9.6 breaks below us, with the reason: each of these has to fail, so that an upgrade which mends one shows.
 */
const BROKEN_IN_DENO: ReadonlyMap<string, string> = new Map([
  [
    "bytes and FIN that wait while paused are not lost when this side had shut down",
    // After the peer's FIN, a write that has to wait for room is failed by Deno's TCP layer, which takes FIN for a close.
    "node:net fails waiting writes with EPIPE after the peer's FIN",
  ],
]);

const runtime = nodeRuntime("deno", versions["deno"] ?? "unknown");

const secured = await tlsRuntime(runtime);

for (const contract of [socketContract, runtimeContract, tlsSocketContract, tlsContract]) {
  contract(runtime, (name, run) => {
    const broken = BROKEN_IN_DENO.get(name);
    if (broken === undefined) void test(name, run);
    else void test(`KNOWN TO FAIL (${broken}): ${name}`, () => assert.rejects(run));
  });
}

function tlsSocketContract(_runtime: unknown, test: DeclareTest): void {
  socketContract(secured, (name, run) => test(`through TLS: ${name}`, run), false);
}
