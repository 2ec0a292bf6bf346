// A target that does not answer costs the client nothing but time while another one does.

import { describe, expect, test } from "bun:test";
import { echo, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";
import { DEAD_HOST, deadPort, deadPorts } from "../support/visit.ts";

describe("failover", () => {
  test("a refusing target is passed over and the client notices nothing", async () => {
    await using backend = await startBackend(echo);
    const dead = await deadPort();
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`${DEAD_HOST}:${dead}`, `127.0.0.1:${backend.port}`] },
    });
    const port = await flow.port("db");
    for (let round = 0; round < 4; round++) {
      await using client = await Peer.connect(port);
      await client.send("hello");
      expect(await client.read(5)).toBe("hello");
    }
    const warning = await flow.log.line("dial-failed");
    expect(warning.level).toBe("warn");
    expect(warning.fields["backend"]).toBe(`${DEAD_HOST}:${dead}`);
    // Once per target and interval, not once per client.
    expect(flow.log.lines.filter((line) => line.event === "dial-failed")).toHaveLength(1);
    const { backends } = await flow.view.engine();
    expect(backends.find((each) => each.backend.endsWith(`:${dead}`))).toMatchObject({ state: "failing" });
  });

  test("a client gets a reset when every target refuses", async () => {
    const [first, second] = await deadPorts(2);
    await using flow = await startFlow({
      "db.yaml": { listen: "127.0.0.1:0", backends: [`${DEAD_HOST}:${first}`, `${DEAD_HOST}:${second}`] },
    });
    await using client = await Peer.connect(await flow.port("db"));
    expect(await client.end()).toBe("reset");
    expect(await flow.log.record()).toMatchObject({ reason: "dial-refused", bytesIn: 0, bytesOut: 0 });
  });

  test("a name that does not resolve ends with no-backend, and with another target is passed over", async () => {
    await using backend = await startBackend(echo);
    await using flow = await startFlow({
      "lost.yaml": { listen: "127.0.0.1:0", backends: ["nowhere.invalid:5432"] },
      "kept.yaml": { listen: "127.0.0.1:0", backends: ["nowhere.invalid:5432", `127.0.0.1:${backend.port}`] },
    });
    await using lost = await Peer.connect(await flow.port("lost"));
    expect(await lost.end()).toBe("reset");
    expect((await flow.log.record()).reason).toBe("no-backend");
    await using kept = await Peer.connect(await flow.port("kept"));
    await kept.send("hi");
    expect(await kept.read(2)).toBe("hi");
  });

  test("targets get connections by their weights", async () => {
    await using heavy = await startBackend(echo);
    await using light = await startBackend(echo);
    await using none = await startBackend(echo);
    await using flow = await startFlow({
      "db.yaml": {
        listen: "127.0.0.1:0",
        backends: [
          { address: `127.0.0.1:${heavy.port}`, weight: 3 },
          { address: `127.0.0.1:${light.port}`, weight: 1 },
          { address: `127.0.0.1:${none.port}`, weight: 0 },
        ],
      },
    });
    const port = await flow.port("db");
    for (let round = 0; round < 40; round++) {
      await using client = await Peer.connect(port);
      await client.send("x");
      await client.read(1);
    }
    expect([heavy.peers.length, light.peers.length, none.peers.length]).toEqual([30, 10, 0]);
  });
});
