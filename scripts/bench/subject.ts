// What is measured: the direct path, or a proxy that a file of its own knows how to configure and start.

import { stop, temporaryDirectory, track } from "./children.ts";
import type { ClientTls } from "./load/protocol.ts";

/** What a proxy does for its clients: carries bytes, ends their TLS, or sends TLS on by the name in its first message. */
export type Service = "tcp" | "terminate" | "passthrough";

/** What a proxy is told of TLS. */
export interface TlsSetup {
  readonly mode: Exclude<Service, "tcp">;
  /** The name that clients ask for; the only one that may be passed through. */
  readonly hostname: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** What a proxy is told. */
export interface Setup {
  readonly port: number;
  readonly backendPort: number;
  /** A directory of its own, removed afterwards. */
  readonly directory: string;
  /** Connections it must be able to hold. */
  readonly connections: number;
  /** Buffers as an expert would set them for bulk, instead of as shipped. */
  readonly tuned: boolean;
  /** Absent: bytes are carried as they are. */
  readonly tls?: TlsSetup;
}

/** What a subject is started in. */
export type Context = Omit<Setup, "port" | "directory"> & { readonly clientTls?: ClientTls };

/** How to start a proxy. */
export interface Launch {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command that fails and says what is wrong with the configuration, for a proxy that does not start. */
  readonly check?: readonly string[];
  /** Says when it serves, where an accepting port does not say so. */
  readonly ready?: () => Promise<boolean>;
}

/** One row of the table. */
export interface Subject {
  /** Name and version, as the table shows it. */
  readonly name: string;
  /** As `--subject` names it. */
  readonly key: string;
  /** Writes the configuration; absent for the direct path, which starts nothing. */
  readonly prepare?: (setup: Setup) => Promise<Launch>;
}

/** A subject that serves. */
export interface Running {
  readonly subject: Subject;
  /** Where clients connect. */
  readonly port: number;
  /** How clients speak to it; absent: in plain. */
  readonly clientTls: ClientTls | undefined;
  /** Absent for the direct path. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** How long a proxy may take to serve. */
const START_LIMIT_MS = 10_000;

/** How long it may take to judge its configuration. */
const CHECK_LIMIT_MS = 5000;

/** Starts a subject in front of a backend; resolves when it serves. */
export async function startSubject(subject: Subject, { clientTls, ...setup }: Context): Promise<Running> {
  if (subject.prepare === undefined) {
    return { subject, port: setup.backendPort, clientTls, pid: undefined, stop: () => Promise.resolve() };
  }
  const directory = temporaryDirectory();
  const port = freePort();
  const launch = await subject.prepare({ ...setup, port, directory });
  const { command, env, ready = () => Promise.resolve(true) } = launch;
  // Output goes nowhere, so that every subject pays for its log lines but none for a reader.
  const child = track(
    Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, ...env }, cwd: directory }),
  );
  const limit = performance.now() + START_LIMIT_MS;
  while (child.exitCode === null && performance.now() < limit) {
    if ((await accepts(port)) && (await ready())) {
      return { subject, port, clientTls, pid: child.pid, stop: () => stop(child) };
    }
    await Bun.sleep(20);
  }
  const state = child.exitCode === null ? "does not serve" : `exited with ${child.exitCode}`;
  await stop(child);
  const what = setup.tls === undefined ? subject.name : `${subject.name} for TLS ${setup.tls.mode}`;
  throw new Error(`Cannot start ${what}: it ${state}; ${complaint(launch)}`);
}

/** What the subject has to say about its configuration, or how to look for oneself. */
function complaint({ command, check }: Launch): string {
  if (check !== undefined) {
    const { success, stdout, stderr } = Bun.spawnSync([...check], { timeout: CHECK_LIMIT_MS });
    if (!success) return `its check says: ${`${stdout.toString()}${stderr.toString()}`.trim()}`;
  }
  return `run it by hand: ${command.join(" ")}`;
}

/** A port of loopback that was free a moment ago: none of the peers can report one that they chose themselves. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** Whether a connection to the port is accepted. */
async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}
