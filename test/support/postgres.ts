// A PostgreSQL cluster of its own, made for one test, and psql as its client.

import { chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { programPath } from "./installed.ts";
import { type RealServer, startServer } from "./real-server.ts";
import { runProgram } from "./run-program.ts";

export interface PostgresOptions {
  /** Added to, or instead of, the settings that every cluster gets. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A standby whose primary never comes. */
  readonly standby?: boolean;
  /** How sessions over TCP prove who they are; `trust` when absent. */
  readonly auth?: "trust" | "scram-sha-256";
}

/** Starts a cluster without durability: it lives as long as the test. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RealServer> {
  return startServer(async (port, directory) => {
    const data = join(directory, "data");
    const { auth = "trust" } = options;
    const asUser = await unprivileged(directory);
    const initdb = [...asUser, programPath("initdb"), "-D", data, "-U", "postgres", `--auth-host=${auth}`, "--no-sync"];
    const made = Bun.spawnSync([...initdb, "--encoding=UTF8", "--locale=C"], { cwd: directory });
    if (!made.success) throw new Error(`initdb failed: ${made.stderr.toString()}`);
    if (options.standby === true) await writeFile(join(data, "standby.signal"), "");
    const settings = { listen_addresses: "127.0.0.1", unix_socket_directories: "", fsync: "off", ...options.settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    // SIGQUIT: immediate shutdown, which also ends the processes of its sessions.
    return {
      command: [...asUser, programPath("postgres"), "-D", data, "-p", `${port}`, ...flags],
      stopSignal: "SIGQUIT",
    };
  });
}

/** Runs psql through `port` and gives what it prints, unaligned and without headings. */
export async function psql(port: number, ...commands: readonly string[]): Promise<string> {
  const flags = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", `${port}`, "-U", "postgres"];
  return runProgram("psql", [...flags, ...commands.flatMap((command) => ["-c", command])], {
    PGDATABASE: "postgres",
    PGCONNECT_TIMEOUT: "10",
  });
}

/** PostgreSQL refuses to run as root: gives the directory to its own user, and the prefix that runs a command as that. */
async function unprivileged(directory: string): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const [user, group] = (await Promise.all(["-u", "-g"].map((flag) => runProgram("id", [flag, "postgres"])))).map(
    Number,
  );
  if (user === undefined || group === undefined) throw new Error("There is no user postgres");
  await chown(directory, user, group);
  return [programPath("setpriv"), `--reuid=${user}`, `--regid=${group}`, "--clear-groups"];
}
