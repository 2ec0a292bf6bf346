// The compiled executable as a stranger has it: one file in an empty directory, with an environment of its own.

import { copyFile, link, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Subprocess } from "bun";
import * as v from "valibot";
import { BackendSchema } from "../../src/admin/schema-engine.ts";
import type { BackendSnapshot } from "../../src/engine/snapshot.ts";
import { eventually } from "./eventually.ts";
import { parsePrometheus } from "./prometheus.ts";

const ROOT = resolve(import.meta.dir, "../..");

const Backends = v.object({ items: v.array(BackendSchema) });

/** What a finished process left. */
export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A directory for the tests of one file, with the executable in it. */
export interface BinaryBench extends AsyncDisposable {
  /** An empty directory with nothing but the executable. */
  place(): Promise<Place>;
}

/** Builds with these routes embedded, away from `dist/`. Throws what the build said when it failed. */
export async function buildBinary(routes: string): Promise<BinaryBench> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-binary-"));
  const file = join(directory, "built");
  const { code, out, err } = await runBuild(["--routes", routes, "--outfile", file]);
  if (code !== 0) throw new Error(`The build failed: ${out}${err}`);
  return benchOf(directory, file);
}

/** `dist/sallyport`, as `bun run build` left it. */
export async function shippedBinary(): Promise<BinaryBench> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-binary-"));
  const file = join(directory, "built");
  await copyFile(join(ROOT, "dist/sallyport"), file);
  return benchOf(directory, file);
}

/** `bun run build` with flags, without the installing. */
export async function runBuild(flags: readonly string[]): Promise<Finished> {
  return finish(
    Bun.spawn([process.execPath, "scripts/build.ts", ...flags], { cwd: ROOT, stdout: "pipe", stderr: "pipe" }),
  );
}

function benchOf(directory: string, file: string): BinaryBench {
  let places = 0;
  return {
    async place() {
      places += 1;
      const path = join(directory, `place-${places}`);
      await mkdir(path);
      // A link instead of a copy: 100 MB for every test would be felt.
      await link(file, join(path, "sallyport"));
      return new Place(path);
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

export class Place {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Nothing of the tester's environment but where programs are. */
  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { PATH: process.env["PATH"] ?? "", HOME: this.path, XDG_STATE_HOME: join(this.path, "state"), ...more };
  }

  /** Runs a command to its end. */
  async run(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const options = { cwd: this.path, env: this.env(env), stdout: "pipe", stderr: "pipe" } as const;
    return finish(Bun.spawn([join(this.path, "sallyport"), ...argv], options));
  }

  /** Writes a route file into `routes/`, as YAML or the route itself. */
  async write(file: string, route: string | Readonly<Record<string, unknown>>): Promise<void> {
    await Bun.write(join(this.path, "routes", file), typeof route === "string" ? route : JSON.stringify(route));
  }

  /**
   * Starts a gateway on a free admin port and waits until it says where that is, ready or not. `under`: a command that
   * runs the rest of its arguments.
   */
  async start(
    argv: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
    under: readonly string[] = [],
  ): Promise<RunningBinary> {
    const binary = join(this.path, "sallyport");
    const command = [...under, binary, "run", "--admin", "127.0.0.1:0", "--log", "json", ...argv];
    const child = Bun.spawn(command, { cwd: this.path, env: this.env(env), stdout: "pipe", stderr: "pipe" });
    const running = new RunningBinary(this, child);
    await running.logged(/^(?:not-)?ready$/);
    return running;
  }
}

/** A gateway in a process of its own; killed when the test is over. */
export class RunningBinary implements AsyncDisposable {
  readonly #place: Place;
  readonly #child: Subprocess<"ignore", "pipe", "pipe">;
  readonly #err: Promise<void>;
  readonly #out: Promise<string>;
  #log = "";
  #over = false;

  constructor(place: Place, child: Subprocess<"ignore", "pipe", "pipe">) {
    this.#place = place;
    this.#child = child;
    this.#out = child.stdout.text();
    this.#err = this.#readLog(child.stderr);
  }

  /** Standard error as JSON lines. */
  get log(): Record<string, unknown>[] {
    return this.#log
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** For `--admin` and, behind `http://`, for fetch. */
  get admin(): string {
    const ready = this.log.find((record) => /^(?:not-)?ready$/.test(String(record["event"])));
    return String(ready?.["admin"]).replace("http://", "");
  }

  /** Waits for the `count`-th log line with this event. */
  async logged(event: string | RegExp, count = 1): Promise<Record<string, unknown>> {
    const wanted = typeof event === "string" ? new RegExp(`^${event}$`) : event;
    const matching = (): Record<string, unknown>[] => this.log.filter(({ event: is }) => wanted.test(String(is)));
    await eventually(() => matching().length >= count || this.#over);
    const found = matching()[count - 1];
    if (found === undefined) throw new Error(`The gateway ended without "${String(event)}": ${this.#log}`);
    return found;
  }

  /** A client command against this gateway. */
  cli(...argv: readonly string[]): Promise<Finished> {
    return this.#place.run(argv, { SALLYPORT_ADMIN: this.admin });
  }

  /** The bound port of a listener's route. */
  async port(route: string): Promise<number> {
    const { out } = await this.cli("listeners", "--json");
    const items: { port: number; routes: string[]; state: string }[] = JSON.parse(out).items;
    const found = items.find((item) => item.routes.includes(route) && item.state === "listening");
    if (found === undefined) throw new Error(`Route "${route}" does not listen: ${out}`);
    return found.port;
  }

  /** The backends of a route as the admin port tells about them, in the order written. */
  async backends(route: string): Promise<readonly BackendSnapshot[]> {
    const answer = await fetch(`http://${this.admin}/api/v1/backends?route=${route}`);
    return v.parse(Backends, await answer.json()).items;
  }

  /** `GET /metrics`: name and labels as written → value. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const families = parsePrometheus(await (await fetch(`http://${this.admin}/metrics`)).text());
    return new Map([...families.values()].flatMap(({ samples }) => [...samples]));
  }

  get pid(): number {
    return this.#child.pid;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async ended(): Promise<{ code: number; out: string }> {
    const code = await this.#child.exited;
    await this.#err;
    return { code, out: await this.#out };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended();
  }

  async #readLog(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) this.#log += decoder.decode(bytes, { stream: true });
    this.#over = true;
  }
}

async function finish(child: Subprocess<"ignore", "pipe", "pipe">): Promise<Finished> {
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}
