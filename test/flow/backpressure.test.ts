// A reader that stops stops the writer: what waits in the gateway is bounded, whatever the writer would like to send.

import { expect, test } from "bun:test";
import { startBackend } from "../support/backend.ts";
import { fill } from "../support/fill.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

test.each(["client", "backend"] as const)(
  "a stopped reader holds up a %s that wants to send gigabytes",
  async (side) => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    const server = await backend.peer();
    const [writer, reader] = side === "client" ? [client, server] : [server, client];
    reader.socket.pause();
    const before = process.memoryUsage().rss;
    const taken = await fill(writer);
    // Kernel buffers of four sockets and one read of the gateway: far below what the writer has to give.
    expect(taken).toBeLessThan(64 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(128 * 1024 * 1024);
    const [connection] = await flow.view.connections({}, undefined, 10);
    expect(connection?.route).toBe("db");
    reader.socket.resume();
    await reader.until(() => reader.received >= taken);
    client.reset();
    await flow.log.record();
  },
);
