// The Socket contract on Bun's TLS sockets, as `upgradeTLS` makes them of sockets that were read already.

import { describe, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { tlsRuntime } from "../support/tls-runtime.ts";
import { socketContract } from "./socket-contract.ts";

const runtime = await tlsRuntime(bunRuntime());

describe("a TLS socket of Bun", () => {
  socketContract(
    runtime,
    (name, run) => {
      test(name, run);
    },
    false,
  );
});
