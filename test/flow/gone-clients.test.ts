// Clients that say something, end and are gone while they wait for a place at a backend that resets whoever comes: nothing of them may
// stay, because what stays has a place of the backend's.

import { expect, test } from "bun:test";

import { startBackend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { startFlow } from "../support/flow.ts";
import { Peer } from "../support/peer.ts";

const CLIENTS = 60;
const VISITS = 60;

async function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, ms);
  await promise;
}

test("leave no connection behind", async () => {
  await using backend = await startBackend((peer) => peer.reset());
  const backends = [{ address: `127.0.0.1:${backend.port}`, maxConnections: 2 }];
  await using flow = await startFlow({ "db.yaml": { listen: "127.0.0.1:0", backends, timeouts: { idle: "1h" } } });
  const port = await flow.port("db");
  const come = async (who: number): Promise<void> => {
    for (let visit = 0; visit < VISITS; visit++) {
      const client = await Peer.connect(port).catch(() => undefined);
      await client?.send("x").catch(() => undefined);
      await pause((who * 7 + visit * 11) % 30);
      client?.finish();
      await pause(5);
      client?.reset();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, who) => come(who)));
  const live = async (): Promise<number> => (await flow.view.connections({}, undefined, 1000)).length;
  await eventually(async () => (await live()) === 0);
  expect(await live()).toBe(0);
}, 30_000);
