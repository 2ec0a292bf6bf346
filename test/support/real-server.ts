// A real server as a child process on a free port of loopback, with a directory of its own. It is ready when its port
// accepts, and gone with all its children when disposed. It may be killed and started again on what it left; Linux only.

import { readFileSync } from "node:fs";
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
  /** SIGKILL to the server and its children, as a machine that dies; resolves when it is gone. */
  kill(): Promise<void>;
  /** After `kill`: starts it on the same port and data; resolves when it accepts. */
  startAgain(): Promise<void>;
  /** All it wrote since it was started. */
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
  const start = async () => {
    const log = Bun.file(logFile);
    const started = Bun.spawn([...command], { stdio: ["ignore", log, log], cwd: directory });
    await eventually(async () => {
      if (started.exitCode === null) return accepts(port);
      throw new Error(`${command.join(" ")} exited with ${started.exitCode}:\n${await readFile(logFile, "utf8")}`);
    });
    return started;
  };
  let child = await start();
  cleanup.defer(async () => {
    // A stopped process takes no other signal until it goes on.
    child.kill("SIGCONT");
    child.kill(stopSignal);
    await child.exited;
  });
  const owned = cleanup.move();
  return {
    port,
    signal: (name) => child.kill(name),
    async kill() {
      const children = childrenOf(child.pid);
      child.kill("SIGKILL");
      for (const pid of children) killProcess(pid);
      await child.exited;
    },
    async startAgain() {
      child = await start();
    },
    log: () => readFile(logFile, "utf8"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").split(" ").filter(Boolean).map(Number);
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    await using _probe = await Peer.connect(port);
    return true;
  } catch {
    return false;
  }
}
