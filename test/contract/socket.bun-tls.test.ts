// The Socket contract on Bun's TLS sockets, as `upgradeTLS` makes them of sockets that were read already.

import { describe, expect, test } from "bun:test";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { connectPair } from "../support/socket-pair.ts";
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

  test("cannot be read by its descriptor, which carries what is encrypted; a plain one can", async () => {
    const reader = bunRuntime().directReader();
    await using encrypted = await connectPair(runtime);
    await using plain = await connectPair(bunRuntime());
    const ends = [encrypted.client, encrypted.server, plain.client, plain.server];
    expect(ends.map(({ socket }) => reader?.reaches(socket))).toEqual([false, false, true, true]);
  });
});
