// What psql sends before it has a session, recorded. `bun test/support/psql-start.ts` records the fixture again.

import { join } from "node:path";
import { type Backend, startBackend } from "./backend.ts";
import { eventually } from "./eventually.ts";
import { programPath } from "./installed.ts";

export interface RecordedStart {
  readonly client: string;
  /** Hexadecimal: the first packet, and the one after that was refused. */
  readonly sslRequest: string;
  readonly startup: string;
}

export const START_FIXTURE: string = join(import.meta.dir, "../fixtures/postgres/psql-start.json");

/** Runs psql against a server that refuses TLS, until its start-up packet is there. */
export async function recordStart(): Promise<RecordedStart> {
  await using backend = await startBackend();
  const child = runPsql(backend, "prefer");
  const peer = await backend.peer();
  await eventually(() => peer.received >= 8);
  const sslRequest = peer.bytes.subarray(0, 8);
  await peer.send("N");
  await eventually(() => peer.received >= 12 && peer.received >= 8 + peer.bytes.readUInt32BE(8));
  const startup = peer.bytes.subarray(8);
  child.kill();
  await child.exited;
  const version = Bun.spawnSync([programPath("psql"), "--version"]).stdout.toString();
  return {
    client: /^psql \(PostgreSQL\) \d+/.exec(version)?.[0] ?? "psql",
    sslRequest: sslRequest.toString("hex"),
    startup: startup.toString("hex"),
  };
}

/** What psql tells its user when the server answers its start-up packet with `answer`. */
export async function psqlToldOf(answer: Uint8Array): Promise<string> {
  await using backend = await startBackend((peer) => {
    peer.socket.once("data", () => peer.socket.end(answer));
  });
  const child = runPsql(backend, "disable");
  const [errors] = await Promise.all([child.stderr.text(), child.exited]);
  return errors;
}

function runPsql({ port }: Backend, sslmode: string) {
  const target = `host=127.0.0.1 port=${port} user=alice dbname=orders sslmode=${sslmode} gssencmode=disable`;
  return Bun.spawn([programPath("psql"), "-X", "-c", "select 1", target], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PGAPPNAME: "recorded", PGCLIENTENCODING: "UTF8", PGCONNECT_TIMEOUT: "10" },
  });
}

if (import.meta.main) await Bun.write(START_FIXTURE, `${JSON.stringify(await recordStart(), null, 2)}\n`);
