// A gateway that runs out of descriptors: clients feel it, and no backend is blamed, neither by their connections nor by
// checks, although a dial without a descriptor looks like one that was refused.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { type BinaryBench, type RunningBinary, shippedBinary } from "../support/binary.ts";
import { AT_ONCE } from "../support/connect-many.ts";
import { eventually } from "../support/eventually.ts";
import { Peer } from "../support/peer.ts";
import { runProgram } from "../support/run-program.ts";
import { lettered, visit, visits } from "../support/visit.ts";

/** Only ends a hang. */
const LIMIT_MS = 40_000;

let bench: BinaryBench;

beforeAll(async () => {
  bench = await shippedBinary();
});

afterAll(() => bench[Symbol.asyncDispose]());

/** Lowers the limit of a running gateway so that it can open one more descriptor and no second. */
async function leaveOneDescriptor({ pid }: RunningBinary): Promise<void> {
  const open = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  let limit = 0;
  for (let free = 0; free < 2; limit++) if (!open.has(limit)) free++;
  await runProgram("prlimit", ["--pid", `${pid}`, `--nofile=${limit - 1}:`]);
}

/** `undefined`: the gateway reset the connection before this process heard that it was made. */
async function tryToConnect(port: number): Promise<Peer | undefined> {
  try {
    return await Peer.connect(port);
  } catch {
    return undefined;
  }
}

/** Two backends behind a route, checked all the time. */
async function checkedPair(): Promise<AsyncDisposable & { readonly route: Readonly<Record<string, unknown>> }> {
  await using cleanup = new AsyncDisposableStack();
  const pair = [cleanup.use(await lettered("a")), cleanup.use(await lettered("b"))];
  const backends = pair.map(({ port }) => `127.0.0.1:${port}`);
  const health = { interval: "500ms", jitter: "off", fall: 1, passive: { failures: 1 } };
  const owned = cleanup.move();
  return { route: { listen: "127.0.0.1:0", backends, health }, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

async function expectNobodyBlamed(gateway: RunningBinary): Promise<void> {
  for (const { state, dialFailures, ejections, lastError, targets } of await gateway.backends("db")) {
    expect({ state, dialFailures, ejections, lastError }).toEqual({
      state: "up",
      dialFailures: 0,
      ejections: 0,
      lastError: undefined,
    });
    expect(targets).toMatchObject([{ state: "up", check: { status: "up", failures: 0 } }]);
  }
  const blaming = ["backend-ejected", "backend-down", "dial-failed"];
  expect(gateway.log.filter(({ event }) => blaming.includes(String(event)))).toEqual([]);
}

describe("with too few descriptors", () => {
  test(
    "more clients than fit are refused, those that fit are served, and no backend is blamed",
    async () => {
      await using pair = await checkedPair();
      const place = await bench.place();
      await place.write("db.yaml", pair.route);
      // Bun raises the soft limit to the hard one; plain `ulimit -n` sets both.
      const under = ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh"];
      await using gateway = await place.start(["--routes", "routes"], {}, under);
      const port = await gateway.port("db");
      const clients = await Promise.all(Array.from({ length: AT_ONCE }, () => tryToConnect(port)));
      await using cleanup = new AsyncDisposableStack();
      for (const client of clients) if (client !== undefined) cleanup.use(client);
      const seen = await Promise.all(clients.map((client) => client?.read(1) ?? ""));
      const served = seen.filter((text) => text !== "").length;
      expect(served).toBeGreaterThan(0);
      await eventually(() => gateway.log.filter(({ event }) => event === "connection").length === AT_ONCE - served);
      const reasons = gateway.log.filter(({ event }) => event === "connection").map(({ reason }) => reason);
      expect(new Set(reasons)).toEqual(new Set(["denied-concurrency"]));
      expect((await gateway.logged("connections-full"))["level"]).toBe("warn");
      await expectNobodyBlamed(gateway);

      await cleanup.disposeAsync();
      await eventually(async () => (await gateway.metrics()).get('sallyport_connections_active{route="db"}') === 0);
      expect(await visits(port, 4)).toEqual({ a: 2, b: 2 });
      await expectNobodyBlamed(gateway);
    },
    LIMIT_MS,
  );

  test(
    "a dial that fails for want of one is not counted against the backend",
    async () => {
      await using pair = await checkedPair();
      const place = await bench.place();
      await place.write("db.yaml", pair.route);
      await using gateway = await place.start(["--routes", "routes"]);
      const port = await gateway.port("db");
      expect(await visits(port, 4)).toEqual({ a: 2, b: 2 });
      const reasons = () => gateway.log.filter(({ event }) => event === "connection").map(({ reason }) => reason);
      const failed = () => reasons().filter((reason) => reason === "dial-failed").length;
      // A check that ends meanwhile leaves a second one: then the client is served, and it is done again.
      while (failed() < 50) {
        await leaveOneDescriptor(gateway);
        expect(await visit(port)).toMatch(/^(?:reset|a|b)$/);
      }
      await gateway.logged("dial-shortage");
      await runProgram("prlimit", ["--pid", `${gateway.pid}`, "--nofile=1000:"]);
      await eventually(async () => (await visit(port)) !== "reset");
      for (const reason of reasons()) expect(["done", "client-reset", "dial-failed"]).toContain(String(reason));
      await expectNobodyBlamed(gateway);
    },
    LIMIT_MS,
  );
});
