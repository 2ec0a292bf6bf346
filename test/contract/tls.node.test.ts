// The Tls contract on `node:tls`, here on Bun's; test/deno/ runs what there is of it on Deno's.

import { describe, test } from "bun:test";
import { version } from "node:process";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { clientCertificateContract, tlsContract } from "./tls-contract.ts";

describe("TLS of the node: adapter", () => {
  for (const contract of [tlsContract, clientCertificateContract]) {
    contract(nodeRuntime("node", version), (name, run) => {
      test(name, run);
    });
  }
});
