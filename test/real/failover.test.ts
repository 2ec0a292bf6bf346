// Two real servers behind one route while one of them is killed, or stops to answer, and comes back, under a load of
// short sessions: nobody meets an error who was not connected to it.

import { describe, expect, test } from "bun:test";
import { eventually } from "../support/eventually.ts";
import type { RouteGateway } from "../support/gateway-binary.ts";
import { startGatewayOn } from "../support/gateway-under-test.ts";
import { skipWithout } from "../support/installed.ts";
import { Load, type Visit } from "../support/load.ts";
import { Peer } from "../support/peer.ts";
import { psql, startPostgres } from "../support/postgres.ts";
import type { RealServer } from "../support/real-server.ts";
import { startRedis } from "../support/redis.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;
const WORKERS = 8;
const EVERY = { interval: "500ms", jitter: "off", rise: 2, fall: 2 };

/** A kind of server, and a client that asks it for its port and stays for a moment. */
interface Kind {
  readonly check: string;
  readonly start: () => Promise<RealServer>;
  readonly visit: (port: number) => Promise<Omit<Visit, "beganMs">>;
}

const POSTGRES: Kind = {
  check: "postgres",
  start: startPostgres,
  async visit(port) {
    try {
      return {
        server: Number(await psql(port, "SHOW port", "DO 'BEGIN PERFORM pg_sleep(0.1); END'")),
        error: undefined,
      };
    } catch (error) {
      // psql prints the answer to its first question even when it gets none to the second.
      const server = /^\d+$/m.exec(String(error))?.[0];
      return { server: server === undefined ? undefined : Number(server), error: String(error) };
    }
  },
};

const REDIS: Kind = {
  check: "redis",
  start: startRedis,
  async visit(port) {
    await using peer = await Peer.connect(port);
    const client = `127.0.0.1:${peer.socket.localPort}`;
    const outcome = (error: string | undefined): Omit<Visit, "beganMs"> => {
      const server = /^\*2\r\n\$4\r\nport\r\n\$\d+\r\n(\d+)\r\n/.exec(peer.text)?.[1];
      return { client, server: server === undefined ? undefined : Number(server), error };
    };
    try {
      await peer.send("CONFIG GET port\r\nBLPOP nothing 0.02\r\nQUIT\r\n");
    } catch (error) {
      return outcome(String(error));
    }
    const ending = await peer.end();
    return outcome(peer.text.endsWith("*-1\r\n+OK\r\n") ? undefined : `${ending} after "${peer.text}"`);
  },
};

interface Scene extends AsyncDisposable {
  readonly gateway: RouteGateway;
  readonly port: number;
  /** The one that fails. */
  readonly first: RealServer;
  readonly second: RealServer;
  /** Starts clients that come and go. */
  load(): Load;
}

async function setScene({ check, start, visit }: Kind): Promise<Scene> {
  await using cleanup = new AsyncDisposableStack();
  // One after the other: a port that was found free is free until somebody listens there.
  const first = cleanup.use(await start());
  const second = cleanup.use(await start());
  const health = { check, ...EVERY };
  const gateway = cleanup.use(await startGatewayOn("db", [first.port, second.port], { health }));
  const port = await gateway.port("db");
  await eventually(async () =>
    (await gateway.engine()).backends.every((each) => each.targets[0]?.check?.status === "up"),
  );
  const owned = cleanup.move();
  return {
    gateway,
    port,
    first,
    second,
    load: () => new Load(WORKERS, () => visit(port)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The backend that fails, as the admin port tells about it. */
async function firstOf({ gateway }: Scene) {
  const [backend] = (await gateway.engine()).backends;
  if (backend === undefined) throw new Error("The route has no backend");
  return backend;
}

async function firstIs(scene: Scene, status: "up" | "down"): Promise<void> {
  await eventually(async () => (await firstOf(scene)).targets[0]?.check?.status === status);
}

function errorsOf(visits: readonly Visit[]): readonly Visit[] {
  return visits.filter(({ error }) => error !== undefined);
}

/** Kills the first server under load and starts it again; gives what all clients met, and when it was dead. */
async function killAndRevive(scene: Scene): Promise<{ readonly visits: readonly Visit[]; readonly deadMs: number }> {
  const { gateway, first, second } = scene;
  const both = new Set([first.port, second.port]);
  await using load = scene.load();
  expect(new Set((await load.more(3 * WORKERS)).map(({ server }) => server))).toEqual(both);

  await first.kill();
  const deadMs = performance.now();
  const after = await load.more(5 * WORKERS);
  expect(errorsOf(after)).toEqual([]);
  expect(new Set(after.map(({ server }) => server))).toEqual(new Set([second.port]));
  await firstIs(scene, "down");
  // None when the check finds out before any client does.
  const { dialFailures, reason } = await firstOf(scene);
  expect(reason).toBe("Check failed: Cannot connect: ECONNREFUSED");
  // One that is known to be down is not dialled any more.
  expect(errorsOf(await load.more(3 * WORKERS))).toEqual([]);
  expect(await firstOf(scene)).toMatchObject({ state: "down", dialFailures });
  const [route] = (await gateway.engine()).routes;
  // Whoever met the dead one had another at the first retry.
  expect(route?.retries).toBe(dialFailures);

  await first.startAgain();
  await firstIs(scene, "up");
  const backMs = performance.now();
  await eventually(() => load.serversSince(backMs).size === both.size);
  const shared = await load.more(3 * WORKERS);
  expect(errorsOf(shared)).toEqual([]);
  expect(new Set(shared.map(({ server }) => server))).toEqual(both);
  await load[Symbol.asyncDispose]();
  return { visits: load.visits, deadMs };
}

/** Every client got a backend, and none was let down by the second one. */
async function expectNobodyElseHurt(scene: Scene, visits: readonly Visit[], deadMs: number): Promise<void> {
  const { gateway, first, second } = scene;
  for (const { server, beganMs } of errorsOf(visits)) {
    expect([first.port, undefined]).toContain(server);
    expect(beganMs).toBeLessThan(deadMs);
  }
  await eventually(async () => (await gateway.accesses()).length >= visits.length);
  const accesses = await gateway.accesses();
  expect(accesses.filter(({ backend }) => backend === undefined)).toEqual([]);
  expect(accesses).toHaveLength(visits.length);
  // As many as were served there, so none of those who never heard where they were was there.
  const atSecond = accesses.filter(({ backend }) => backend === `127.0.0.1:${second.port}`);
  expect(atSecond).toHaveLength(visits.filter(({ server }) => server === second.port).length);
  expect(new Set(atSecond.map(({ reason }) => reason))).toEqual(new Set(["done"]));
  const byClient = Map.groupBy(accesses, ({ client }) => client);
  for (const { client } of errorsOf(visits)) {
    if (client === undefined) continue;
    expect(byClient.get(client)?.map(({ backend }) => backend)).toContain(`127.0.0.1:${first.port}`);
  }
}

/** The first server stops, as a machine that hangs: its port still accepts, and nothing is answered. */
async function hangAndGoOn(scene: Scene): Promise<void> {
  const { first, second } = scene;
  first.signal("SIGSTOP");
  await firstIs(scene, "down");
  const stopped = await firstOf(scene);
  expect(stopped).toMatchObject({ state: "down", reason: "Check failed: No answer within 500ms", dialFailures: 0 });
  await using load = scene.load();
  expect(new Set((await load.more(5 * WORKERS)).map(({ server }) => server))).toEqual(new Set([second.port]));
  expect(await firstOf(scene)).toMatchObject({ connectionsTotal: stopped.connectionsTotal, connectionsActive: 0 });

  first.signal("SIGCONT");
  await firstIs(scene, "up");
  const backMs = performance.now();
  await eventually(() => load.serversSince(backMs).size === 2);
  await load[Symbol.asyncDispose]();
  expect(errorsOf(load.visits)).toEqual([]);
}

for (const [name, kind, programs] of [
  ["PostgreSQL", POSTGRES, ["postgres", "initdb", "psql"]],
  ["Redis", REDIS, ["redis-server"]],
] as const) {
  describe.skipIf(skipWithout(...programs))(`two ${name} servers behind a route`, () => {
    test(
      "kill -9 of one is felt by nobody but its own clients, and it gets clients again when it is back",
      async () => {
        await using scene = await setScene(kind);
        const { visits, deadMs } = await killAndRevive(scene);
        await expectNobodyElseHurt(scene, visits, deadMs);
      },
      LIMIT_MS,
    );

    test(
      "one that stops to answer gets no clients until it goes on",
      async () => {
        await using scene = await setScene(kind);
        await hangAndGoOn(scene);
      },
      LIMIT_MS,
    );
  });
}
