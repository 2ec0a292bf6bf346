// The Tls contract on Bun's own sockets.

import { describe, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { clientCertificateContract, tlsContract } from "./tls-contract.ts";

describe("TLS of Bun", () => {
  for (const contract of [tlsContract, clientCertificateContract]) {
    contract(bunRuntime(), (name, run) => {
      test(name, run);
    });
  }
});
