// Draining: nobody new, everybody who is there may finish, within a limit.

import { describe, expect, test } from "bun:test";
import { echo, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

describe("drain", () => {
  test("refuses new clients and waits for live ones to finish", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    const port = await flow.port("db");
    await using client = await Peer.connect(port);
    await client.send("before");
    await client.read(6);
    const drained = flow.gateway.drain();
    expect(Peer.connect(port)).rejects.toThrow();
    expect(await flow.view.notReady()).toEqual(["The gateway is draining"]);
    await client.send(" after");
    expect(await client.read(12)).toBe("before after");
    client.finish();
    expect(await client.end()).toBe("fin");
    await drained;
    await flow.gateway.stopped;
    expect(await flow.log.record()).toMatchObject({ reason: "done", bytesIn: 12 });
  });

  test("cuts what is still there at its limit, with its own reason", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow(
      { "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] } },
      { drainTimeoutMs: 200 },
    );
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("x");
    await client.read(1);
    await flow.gateway.drain();
    expect(await client.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("drained");
  });

  test("is cut short by a stop", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`127.0.0.1:${backend.port}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    await client.send("x");
    await client.read(1);
    const drained = flow.gateway.drain();
    await flow.gateway.stop();
    await drained;
    expect((await flow.log.record()).reason).toBe("shutdown");
  });
});
