// The Runtime contract on the `node:` modules, here on Bun's; test/deno/ runs it on Deno's.

import { describe, test } from "bun:test";
import { version } from "node:process";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { runtimeContract } from "./runtime-contract.ts";

describe("the runtime on node: modules", () => {
  runtimeContract(nodeRuntime("node", version), (name, run) => {
    test(name, run);
  });
});
