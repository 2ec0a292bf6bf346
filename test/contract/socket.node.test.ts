// The Socket contract on the `node:net` adapter, here on Bun's `node:net`; test/deno/ runs it on Deno's.

import { describe, test } from "bun:test";
import { version } from "node:process";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { socketContract } from "./socket-contract.ts";

describe("a socket of the node: adapter", () => {
  socketContract(nodeRuntime("node", version), (name, run) => {
    test(name, run);
  });
});
