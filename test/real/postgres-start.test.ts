// The beginnings of PostgreSQL sessions, with psql and a real server.

import { describe, expect, test } from "bun:test";
import { BackendKeyScanner, type BackendKeyVerdict } from "../../src/wire/postgres-backend-key.ts";
import { postgresError } from "../../src/wire/postgres-error.ts";
import { readPostgresStart } from "../../src/wire/postgres.ts";
import { eventually } from "../support/eventually.ts";
import { skipWithout } from "../support/installed.ts";
import { Peer } from "../support/peer.ts";
import { message, startPacket } from "../support/postgres-packet.ts";
import { startPostgres } from "../support/postgres.ts";
import { psqlToldOf, recordStart } from "../support/psql-start.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;

interface Begun {
  readonly session: Peer;
  readonly verdict: Exclude<BackendKeyVerdict, "more">;
}

/** Asks for a session, until it is ready or refused. */
async function begin(session: Peer): Promise<Begun> {
  const scanner = new BackendKeyScanner();
  let verdict: BackendKeyVerdict = "more";
  session.socket.on("data", (chunk: Buffer) => {
    verdict = scanner.push(chunk);
  });
  await session.send(startPacket("00030000", "user\0postgres\0\0"));
  await eventually(
    () => verdict !== "more" && (session.bytes.includes(message("Z", "I")) || session.ending !== undefined),
  );
  if (verdict === "more") throw new Error("No verdict");
  return { session, verdict };
}

describe.skipIf(skipWithout("initdb", "postgres", "psql"))("PostgreSQL", () => {
  test(
    "psql asks for TLS and then begins a session",
    async () => {
      const { sslRequest, startup } = await recordStart();
      expect(readPostgresStart(Uint8Array.fromHex(sslRequest))).toMatchObject({ kind: "ssl-request", length: 8 });
      expect(readPostgresStart(Uint8Array.fromHex(startup))).toMatchObject({
        kind: "startup",
        user: "alice",
        database: "orders",
        length: startup.length / 2,
      });
    },
    LIMIT_MS,
  );

  test(
    "psql tells its user why there is no session",
    async () => {
      const told = await psqlToldOf(postgresError("FATAL", "08004", "No route for the database “orders”"));
      expect(told).toEndWith("FATAL:  No route for the database “orders”\n");
    },
    LIMIT_MS,
  );

  test(
    "a server's key is found, and cancels what its session does",
    async () => {
      await using server = await startPostgres();
      await using stack = new AsyncDisposableStack();
      let begun: Begun | undefined;
      // It accepts before it has started up, and refuses sessions until then.
      await eventually(async () => {
        begun = await begin(stack.use(await Peer.connect(server.port)));
        return begun.verdict.kind === "key";
      });
      if (begun?.verdict.kind !== "key") throw new Error("No key");
      const { session, verdict: found } = begun;
      const body = Uint8Array.from([...new Uint8Array(4), ...found.key]);
      new DataView(body.buffer).setUint32(0, found.pid);
      const request = startPacket("04d2162e", body);
      expect(readPostgresStart(request)).toEqual({
        kind: "cancel-request",
        pid: found.pid,
        key: found.key,
        length: request.length,
      });
      await session.send(message("Q", "select 1 + 1 from pg_sleep(600)\0"));
      // A request that comes before the statement begins is lost.
      await eventually(async () => {
        await using canceller = await Peer.connect(server.port);
        await canceller.send(request);
        await eventually(() => canceller.closed || canceller.ending !== undefined);
        return session.text.includes("C57014");
      });
      expect(session.text).toContain("canceling statement due to user request");
    },
    LIMIT_MS,
  );
});
