// Clients that no route of their port wants: all of them are reset, and the log says what was missing.

import { describe, expect, test } from "bun:test";

import { buildHello, serverName } from "../support/hello-builder.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

const BACKENDS = ["127.0.0.1:9"];

describe("a port with a name", () => {
  test.each([
    ["another name", buildHello({ extensions: [serverName("two.example")] }), "Nobody takes this name"],
    ["no name", buildHello(), "TLS without a name"],
    ["no TLS", Buffer.from("GET / HTTP/1.0\r\n\r\n"), "No TLS"],
  ])("resets a client with %s", async (_, bytes, detail) => {
    const tls = { mode: "passthrough", hostnames: ["one.example"] };
    await using flow = await startFlow({ "one.yaml": { listen: "127.0.0.1:0", backends: BACKENDS, tls } });
    await using client = await Peer.connect(await flow.port("one"));
    await client.send(bytes);
    expect(await client.end()).toBe("reset");
    const { reason, detail: said, route } = await flow.log.record();
    expect({ reason, route }).toEqual({ reason: "no-route", route: "" });
    expect(said).toStartWith(detail);
  });
});

test("a client of PostgreSQL is not told to use TLS where its address is what is wrong", async () => {
  const match = { sources: ["127.0.0.9"] };
  await using flow = await startFlow({
    "pg.yaml": { listen: "127.0.0.1:0", backends: BACKENDS, protocol: "postgres", match },
  });
  await using client = await Peer.connect(await flow.port("pg"));
  await client.send(Buffer.from("\0\0\0\x12\0\x03\0\0user\0app\0\0", "latin1"));
  await client.until(() => client.text.includes("is for this address"));
  expect(await flow.log.record()).toMatchObject({ reason: "no-route", detail: "Nobody takes this address" });
});
