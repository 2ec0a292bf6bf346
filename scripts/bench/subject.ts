// What is measured: the direct path, or a proxy that a file of its own knows how to configure and start.

import { stop, temporaryDirectory, track } from "./children.ts";

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
}

/** How to start a proxy. */
export interface Launch {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
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
  /** Absent for the direct path. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** How long a proxy may take to serve. */
const START_LIMIT_MS = 10_000;

/** Starts a subject in front of a backend; resolves when it serves. */
export async function startSubject(
  subject: Subject,
  options: Pick<Setup, "backendPort" | "connections" | "tuned">,
): Promise<Running> {
  if (subject.prepare === undefined) {
    return { subject, port: options.backendPort, pid: undefined, stop: () => Promise.resolve() };
  }
  const directory = temporaryDirectory();
  const port = freePort();
  const { command, env, ready = () => Promise.resolve(true) } = await subject.prepare({ ...options, port, directory });
  // Output goes nowhere, so that every subject pays for its log lines but none for a reader.
  const child = track(
    Bun.spawn([...command], { stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, ...env }, cwd: directory }),
  );
  const limit = performance.now() + START_LIMIT_MS;
  while (child.exitCode === null && performance.now() < limit) {
    if ((await accepts(port)) && (await ready())) return { subject, port, pid: child.pid, stop: () => stop(child) };
    await Bun.sleep(20);
  }
  const state = child.exitCode === null ? "does not serve" : `exited with ${child.exitCode}`;
  await stop(child);
  throw new Error(`Cannot start ${subject.name}: it ${state}; run it by hand: ${command.join(" ")}`);
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

/** First line of what a program says about itself; `undefined` when it is not installed. */
export function versionLine(command: readonly string[]): string | undefined {
  const program = command[0];
  if (program === undefined || Bun.which(program, { PATH: searchPath() }) === null) return undefined;
  const { stdout, stderr } = Bun.spawnSync([...command], { env: { ...process.env, PATH: searchPath() } });
  return `${stdout.toString()}${stderr.toString()}`.split("\n")[0]?.trim();
}

/** Debian keeps servers in sbin, which is not on everybody's path. */
export function searchPath(): string {
  return `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/local/sbin`;
}
