// RST is passed on as RST, and what was complete before it still arrives.

import { describe, expect, test } from "bun:test";
import { startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

describe("reset", () => {
  test("by the client reaches the backend", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("hello");
    const server = await backend.peer();
    await server.read(5);
    client.reset();
    expect(await server.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("client-reset");
  });

  test("by the backend reaches the client", async () => {
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("hello");
    const server = await backend.peer();
    await server.read(5);
    server.reset();
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("backend-reset");
  });

  test("by the backend after its FIN loses nothing of the answer for a client that reads late", async () => {
    const answer = Buffer.alloc(256 * 1024, "a");
    await using backend = await startBackend();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    client.socket.pause();
    const server = await backend.peer();
    await server.send(answer);
    server.finish();
    await eventually(async () => (await flow.view.connections({}, undefined, 1))[0]?.bytesOut === answer.length);
    // A backend that closed early answers with RST to what a client still sends.
    server.reset();
    await client.send("too late");
    client.socket.resume();
    expect(await client.end()).toBe("fin");
    expect(client.received).toBe(answer.length);
    expect((await flow.log.record()).reason).toBe("backend-reset");
  }, 15_000);

  test("by a client while its backend is being dialled ends the connection and counts it", async () => {
    // 192.0.2.0/24 is reserved for documentation: nothing answers there, the dial hangs or is refused by routing.
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: ["unresolved.invalid:1"], timeouts: { connect: "60s" } },
    });
    await using client = await Peer.connect(await flow.port("db"));
    client.reset();
    const record = await flow.log.record();
    expect(["client-reset", "no-backend"]).toContain(record.reason);
    expect((await flow.view.engine()).connectionsActive).toBe(0);
  });
});
