// A PostgreSQL cluster of its own, made for one test, and psql as its client.

import { chmod, chown, copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Issued } from "./authority.ts";
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
  /** It speaks TLS, with this certificate, to whoever asks for it. */
  readonly tls?: Issued;
  /** Of the user `postgres`. */
  readonly password?: string;
}

/** Starts a cluster without durability: it lives as long as the test. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RealServer> {
  return startServer(async (port, directory) => {
    const data = join(directory, "data");
    const { auth = "trust" } = options;
    const { asUser, own } = await unprivileged(directory);
    const initdb = [...asUser, programPath("initdb"), "-D", data, "-U", "postgres", `--auth-host=${auth}`, "--no-sync"];
    const passwordFile = join(directory, "password");
    if (options.password !== undefined) {
      await writeFile(passwordFile, options.password);
      await own(passwordFile);
      initdb.push(`--pwfile=${passwordFile}`);
    }
    const made = Bun.spawnSync([...initdb, "--encoding=UTF8", "--locale=C"], { cwd: directory });
    if (!made.success) throw new Error(`initdb failed: ${made.stderr.toString()}`);
    if (options.standby === true) await writeFile(join(data, "standby.signal"), "");
    const settings: Record<string, string> = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      fsync: "off",
      ...options.settings,
    };
    if (options.tls !== undefined) {
      const [certificate, key] = [join(directory, "server.pem"), join(directory, "server.key")];
      await copyFile(options.tls.certificate, certificate);
      await copyFile(options.tls.key, key);
      // It takes no key that others could read.
      await chmod(key, 0o600);
      await own(key);
      Object.assign(settings, { ssl: "on", ssl_cert_file: certificate, ssl_key_file: key });
    }
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

/** What psql is to connect to, by the words of libpq. It asks for no password, and gives up when nobody answers. */
export type Conninfo = Readonly<Record<string, string | number>>;

/** The arguments of psql for `conninfo`; unless that says otherwise it is user and database `postgres` on loopback. */
export function psqlArguments(conninfo: Conninfo): readonly string[] {
  const wanted = { hostaddr: "127.0.0.1", user: "postgres", dbname: "postgres", connect_timeout: 10, ...conninfo };
  const words = Object.entries(wanted).map(([name, value]) => `${name}='${value}'`);
  return ["-X", "-q", "-A", "-t", "-w", "-v", "ON_ERROR_STOP=1", words.join(" ")];
}

/** Runs psql and gives the lines that it prints, unaligned and without headings. Throws, with all it said, when it fails. */
export async function psqlTo(conninfo: Conninfo, ...commands: readonly string[]): Promise<readonly string[]> {
  const output = await runProgram("psql", [
    ...psqlArguments(conninfo),
    ...commands.flatMap((command) => ["-c", command]),
  ]);
  return output.trim().split("\n");
}

/** What psql tells its user when it gets no session. */
export async function psqlRefused(conninfo: Conninfo): Promise<string> {
  const child = Bun.spawn([programPath("psql"), ...psqlArguments(conninfo), "-c", "select 1"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const [errors, code] = await Promise.all([child.stderr.text(), child.exited]);
  if (code === 0) throw new Error("psql was not refused");
  return errors;
}

/** How to run a command as somebody who may. */
interface Unprivileged {
  /** Begins the command. */
  readonly asUser: readonly string[];
  /** Gives a file to that user. */
  own(path: string): Promise<void>;
}

/** PostgreSQL refuses to run as root: its directory is given to its own user. */
async function unprivileged(directory: string): Promise<Unprivileged> {
  if (process.getuid?.() !== 0) return { asUser: [], async own() {} };
  const [user, group] = (await Promise.all(["-u", "-g"].map((flag) => runProgram("id", [flag, "postgres"])))).map(
    Number,
  );
  if (user === undefined || group === undefined) throw new Error("There is no user postgres");
  const own = (path: string) => chown(path, user, group);
  await own(directory);
  return { asUser: [programPath("setpriv"), `--reuid=${user}`, `--regid=${group}`, "--clear-groups"], own };
}
