// The Socket contract on Bun's own sockets: what the data path of the released binary stands on.

import { describe, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { socketContract } from "./socket-contract.ts";

describe("a Bun socket", () => {
  socketContract(bunRuntime(), (name, run) => {
    test(name, run);
  });
});
