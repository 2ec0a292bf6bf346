// NATS behind a route, its text protocol spoken by hand: the server speaks first, and pushes to whoever subscribed.

import { describe, expect, test } from "bun:test";
import { startGatewayTo } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { startNats } from "../support/nats.ts";
import { Peer } from "../support/peer.ts";

/** Connects, waits for the server's greeting and answers it; every PING is answered with PONG. */
async function connectNats(port: number): Promise<Peer> {
  const peer = await Peer.connect(port);
  await peer.until(() => peer.text.endsWith("\r\n") || peer.closed);
  expect(peer.text).toMatch(/^INFO \{.*"server_id".*\} ?\r\n$/);
  await peer.send('CONNECT {"verbose":false,"pedantic":false}\r\nPING\r\n');
  await peer.until(() => peer.text.endsWith("PONG\r\n") || peer.closed);
  return peer;
}

describe.skipIf(skipWithout("nats-server"))("NATS through a route", () => {
  test("the server greets first, and a message reaches the subscriber whole", async () => {
    await using server = await startNats();
    await using gateway = await startGatewayTo("nats", server.port);
    const port = await gateway.port("nats");
    await using subscriber = await connectNats(port);
    await subscriber.send("SUB orders.* 1\r\nPING\r\n");
    await subscriber.until(() => subscriber.text.endsWith("PONG\r\nPONG\r\n") || subscriber.closed);
    await using publisher = await connectNats(port);
    // Just below the server's limit of 1 MiB, so that it takes many segments.
    const payload = "abcdefghijklmnop".repeat(60_000);
    const before = subscriber.received;
    await publisher.send(`PUB orders.new ${payload.length}\r\n${payload}\r\n`);
    const message = `MSG orders.new 1 ${payload.length}\r\n${payload}\r\n`;
    expect((await subscriber.read(before + message.length)).slice(before) === message).toBe(true);
  });

  test("what the server refuses is heard, followed by the end", async () => {
    await using server = await startNats();
    await using gateway = await startGatewayTo("nats", server.port);
    await using client = await connectNats(await gateway.port("nats"));
    await client.send("NONSENSE\r\n");
    expect(await client.end()).toBe("fin");
    expect(client.text).toContain("-ERR 'Unknown Protocol Operation'");
  });
});
