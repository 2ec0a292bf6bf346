// The Runtime contract on Bun, besides its sockets.

import { describe, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { runtimeContract } from "./runtime-contract.ts";

describe("the runtime on Bun", () => {
  runtimeContract(bunRuntime(), (name, run) => {
    test(name, run);
  });
});
