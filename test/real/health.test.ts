// Ready-made checks against the servers they are made for: working, refusing, starting up, shutting down, gone.

import { describe, expect, test } from "bun:test";
import { type CheckOutcome, runCheck } from "../../src/engine/health/check.ts";
import type { CheckSpec } from "../../src/resource/health.ts";
import { postgresDialogue } from "../../src/wire/check/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { skipWithout } from "../support/installed.ts";
import { startNats } from "../support/nats.ts";
import { Peer } from "../support/peer.ts";
import { startPostgres } from "../support/postgres.ts";
import { startRedis } from "../support/redis.ts";
import { runProgram } from "../support/run-program.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;
const ENOUGH = { descriptorsExhausted: () => false };

function check(port: number, spec: CheckSpec, timeoutMs = LIMIT_MS): Promise<CheckOutcome> {
  const { promise, resolve } = Promise.withResolvers<CheckOutcome>();
  runCheck({ host: "127.0.0.1", port }, spec, timeoutMs, ENOUGH, { judged: resolve, gone() {} });
  return promise;
}

/** A session that waits for a query. The one before may not be over yet where there is room for one only: tries again. */
async function openSession(port: number): Promise<Peer> {
  for (;;) {
    const session = await Peer.connect(port);
    await session.send(postgresDialogue("postgres").send ?? "");
    await session.until(() => session.text.includes("Z\0\0\0\x05I") || session.ending !== undefined);
    if (session.ending === undefined) return session;
    await session[Symbol.asyncDispose]();
  }
}

/** The lines of a PostgreSQL log without time and process. */
function linesOf(log: string): string[] {
  return log
    .trim()
    .split("\n")
    .map((line) => line.replace(/^.*?\] /, ""));
}

describe.skipIf(skipWithout("postgres", "initdb", "psql", "pg_isready"))("the PostgreSQL check", () => {
  const spec: CheckSpec = { kind: "postgres", user: "sallyport" };

  test(
    "is good at a server that asks for a password, and leaves nothing in its log",
    async () => {
      await using server = await startPostgres({ auth: "scram-sha-256", settings: { log_min_messages: "LOG" } });
      await eventually(async () => (await server.log()).includes("ready to accept connections"));
      const before = await server.log();
      for (let turn = 0; turn < 5; turn++) {
        expect(await check(server.port, spec)).toBe("good");
        expect(await check(server.port, { kind: "tcp" })).toBe("good");
      }
      // A line that is sure to come after whatever the checks may have left.
      await runProgram("pg_isready", ["-h", "127.0.0.1", "-p", `${server.port}`]);
      server.signal("SIGHUP");
      await eventually(async () => (await server.log()).includes("received SIGHUP"));
      expect(linesOf((await server.log()).slice(before.length))).toEqual([
        "LOG:  received SIGHUP, reloading configuration files",
      ]);
    },
    LIMIT_MS,
  );

  test(
    "is good at a server that trusts, and leaves one line as pg_isready does: that there is no such user",
    async () => {
      await using server = await startPostgres();
      await eventually(async () => (await server.log()).includes("ready to accept connections"));
      const before = (await server.log()).length;
      expect(await check(server.port, spec)).toBe("good");
      expect(await check(server.port, { kind: "postgres", user: "postgres" })).toBe("good");
      server.signal("SIGHUP");
      await eventually(async () => (await server.log()).includes("received SIGHUP"));
      const left = linesOf((await server.log()).slice(before)).filter((line) => !line.includes("SIGHUP"));
      expect(left).toEqual(['FATAL:  role "sallyport" does not exist']);
    },
    LIMIT_MS,
  );

  test(
    "is bad at a server that is shutting down, and when it is gone",
    async () => {
      await using server = await startPostgres();
      await eventually(async () => (await check(server.port, spec)) === "good");
      await using session = await openSession(server.port);
      server.signal("SIGTERM"); // Lets the session go on and takes no other.
      const shuttingDown = { bad: 'The server said "the database system is shutting down" (SQLSTATE 57P03)' };
      await eventually(async () => (await check(server.port, spec)) !== "good");
      expect(await check(server.port, spec)).toEqual(shuttingDown);
      expect(await check(server.port, { kind: "tcp" })).toBe("good");
      session.finish();
      await eventually(async () => {
        const outcome = await check(server.port, spec);
        return typeof outcome === "object" && outcome.bad === "Cannot connect: ECONNREFUSED";
      });
    },
    LIMIT_MS,
  );

  test(
    "is bad at a server that is not done starting up",
    async () => {
      await using server = await startPostgres({ standby: true, settings: { hot_standby: "off" } });
      const outcome = await check(server.port, spec);
      expect(outcome).toEqual({ bad: expect.stringMatching(/^The server said "the database system is .* 57P03\)$/) });
    },
    LIMIT_MS,
  );

  test(
    "is bad at a server that has no connection left",
    async () => {
      const few = { max_connections: "1", superuser_reserved_connections: "0", max_wal_senders: "0" };
      await using server = await startPostgres({ settings: few });
      await eventually(async () => (await check(server.port, spec)) === "good");
      await using _held = await openSession(server.port);
      const tooMany = { bad: 'The server said "sorry, too many clients already" (SQLSTATE 53300)' };
      expect(await check(server.port, spec)).toEqual(tooMany);
    },
    LIMIT_MS,
  );
});

describe.skipIf(skipWithout("redis-server", "redis-cli"))("the Redis check", () => {
  const spec: CheckSpec = { kind: "redis" };

  test("is good at a server that works, with and without a password", async () => {
    await using server = await startRedis();
    expect(await check(server.port, spec)).toBe("good");
    await runProgram("redis-cli", ["-p", `${server.port}`, "CONFIG", "SET", "requirepass", "secret"]);
    expect(await check(server.port, spec)).toBe("good");
  });

  test("is bad at a replica that has lost its master and serves nothing stale", async () => {
    await using server = await startRedis();
    const cli = ["-p", `${server.port}`];
    await runProgram("redis-cli", [...cli, "CONFIG", "SET", "replica-serve-stale-data", "no"]);
    await runProgram("redis-cli", [...cli, "REPLICAOF", "127.0.0.1", "1"]);
    expect(await check(server.port, spec)).toEqual({
      bad: expect.stringMatching(/^The server said "-MASTERDOWN Link with MASTER is down/),
    });
  });

  test("is bad at a server that has no connection left", async () => {
    await using server = await startRedis();
    await runProgram("redis-cli", ["-p", `${server.port}`, "CONFIG", "SET", "maxclients", "1"]);
    await using _held = await Peer.connect(server.port);
    const full = { bad: 'The server said "-ERR max number of clients reached"' };
    await eventually(async () => Bun.deepEquals(await check(server.port, spec), full));
  });

  test("is bad where another check is meant: Redis waits for the end of what it takes for a command", async () => {
    await using server = await startRedis();
    const others: readonly CheckSpec[] = [{ kind: "tls" }, { kind: "postgres", user: "sallyport" }, { kind: "nats" }];
    for (const other of others) expect(await check(server.port, other, 200)).toMatchObject({ bad: expect.any(String) });
  });
});

describe.skipIf(skipWithout("nats-server"))("the NATS check", () => {
  test("is good at a server that works", async () => {
    await using server = await startNats();
    expect(await check(server.port, { kind: "nats" })).toBe("good");
    expect(await check(server.port, { kind: "mysql" })).toEqual({
      bad: expect.stringMatching(/^Not a MySQL server: "INFO /),
    });
  });
});
