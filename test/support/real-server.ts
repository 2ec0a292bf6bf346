// A real server as a child process on a free port of loopback, with a directory of its own. It is ready when its port
// accepts, and gone with all its children when disposed.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { Peer } from "./peer.ts";

export interface RealServer extends AsyncDisposable {
  readonly port: number;
  /** Signals the server itself, not its children. */
  signal(name: NodeJS.Signals): void;
  /** All it wrote so far. */
  log(): Promise<string>;
}

/** How to start a server on a port, with a directory for its data and its log. */
export interface ServerStart {
  readonly command: readonly string[];
  /** Ends the server and its children at once. */
  readonly stopSignal: NodeJS.Signals;
}

/** Starts a server and waits until it accepts. Throws with its log when it ends before that. */
export async function startServer(
  prepare: (port: number, directory: string) => Promise<ServerStart>,
): Promise<RealServer> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "sallyport-server-"));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const port = freePort();
  const { command, stopSignal } = await prepare(port, directory);
  const logFile = join(directory, "log");
  const log = Bun.file(logFile);
  const child = Bun.spawn([...command], { stdio: ["ignore", log, log], cwd: directory });
  cleanup.defer(async () => {
    child.kill(stopSignal);
    await child.exited;
  });
  await eventually(async () => {
    if (child.exitCode !== null) {
      throw new Error(`${command.join(" ")} exited with ${child.exitCode}:\n${await readFile(logFile, "utf8")}`);
    }
    return accepts(port);
  });
  const owned = cleanup.move();
  return {
    port,
    signal: (name) => child.kill(name),
    log: () => readFile(logFile, "utf8"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function accepts(port: number): Promise<boolean> {
  try {
    await using _probe = await Peer.connect(port);
    return true;
  } catch {
    return false;
  }
}
