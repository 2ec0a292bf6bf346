// `dist/sallyport` as a process that a test watches from outside: its admin port, its descriptors, its memory, and what
// is left when it is killed and started again. Reads /proc, so Linux only.

import { readFileSync, readlinkSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Subprocess } from "bun";
import * as v from "valibot";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { parsePrometheus } from "./prometheus.ts";

const BINARY = resolve(import.meta.dir, "../../dist/sallyport");

const Reload = v.object({ result: v.string(), generation: v.number() });
const Status = v.object({ generation: v.number() });
const Listeners = v.object({
  items: v.array(v.object({ port: v.number(), state: v.string(), routes: v.array(v.string()) })),
});

export class GatewayProcess implements AsyncDisposable {
  readonly #directory: string;
  readonly #admin = `127.0.0.1:${freePort()}`;
  #child: Subprocess<"ignore", "ignore", Bun.BunFile> | undefined;
  #starts = 0;

  /** Starts the executable on `files`, name → text; resolves when it is ready. */
  static async start(files: Readonly<Record<string, string>>): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(await mkdtemp(join(tmpdir(), "sallyport-soak-")));
    await mkdir(gateway.#routes);
    for (const [name, text] of Object.entries(files)) await gateway.writeRoutes(name, text);
    try {
      await gateway.startAgain();
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
    return gateway;
  }

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Starts it on what the last one left; resolves when it is ready. */
  async startAgain(): Promise<void> {
    const log = join(this.#directory, `log-${(this.#starts += 1)}`);
    const child = Bun.spawn(
      [BINARY, "run", "--routes", this.#routes, "--admin", this.#admin, "--state", join(this.#directory, "state.db")],
      { stdio: ["ignore", "ignore", Bun.file(log)], cwd: this.#directory },
    );
    this.#child = child;
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`It exited with ${child.exitCode}: ${await readFile(log, "utf8")}`);
      return this.#isReady();
    });
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
  }

  /** Writes a route file as deployments do: beside it first, then in one step. */
  async writeRoutes(name: string, text: string): Promise<void> {
    await writeFile(join(this.#directory, `.${name}`), text);
    await rename(join(this.#directory, `.${name}`), join(this.#routes, name));
  }

  async removeRoutes(name: string): Promise<void> {
    await rm(join(this.#routes, name));
  }

  /** The admin token, as it is kept. */
  token(): string {
    return readFileSync(join(this.#directory, "state.db.token"), "utf8").trim();
  }

  /** Asks the admin port, `METHOD /path`, with the token, over a connection of its own. */
  ask(line: string, body?: string): Promise<Response> {
    const [method = "", path = ""] = line.split(" ");
    const headers = { authorization: `Bearer ${this.token()}` };
    return fetch(`http://${this.#admin}${path}`, {
      method,
      headers,
      keepalive: false,
      ...(body === undefined ? {} : { body }),
    });
  }

  async reload(): Promise<v.InferOutput<typeof Reload>> {
    return v.parse(Reload, await (await this.ask("POST /api/v1/reload")).json());
  }

  async generation(): Promise<number> {
    return v.parse(Status, await (await this.ask("GET /api/v1/status")).json()).generation;
  }

  /** Route → the port on which its first listener is bound. */
  async ports(): Promise<Map<string, number>> {
    const { items } = v.parse(Listeners, await (await this.ask("GET /api/v1/listeners")).json());
    const ports = new Map<string, number>();
    for (const { port, state, routes } of items) {
      for (const route of state === "listening" ? routes : []) if (!ports.has(route)) ports.set(route, port);
    }
    return ports;
  }

  /** The metric `name`: labels as written → value. */
  async metric(name: string): Promise<Map<string, number>> {
    const families = parsePrometheus(await (await this.ask("GET /metrics")).text());
    const family = families.get(name);
    if (family === undefined) throw new Error(`There is no metric "${name}"`);
    return family.samples;
  }

  /** Live connections of all routes. */
  connectionsActive(): Promise<number> {
    return this.#sum("sallyport_connections_active");
  }

  /** Bytes of all connections in both directions, the live ones included. */
  bytesMoved(): Promise<number> {
    return this.#sum("sallyport_bytes_total");
  }

  /** What each open descriptor is, sockets with their inode. */
  descriptors(): string[] {
    const directory = `/proc/${this.#pid}/fd`;
    return readdirSync(directory).flatMap((name) => {
      try {
        return [readlinkSync(join(directory, name))];
      } catch {
        return []; // Closed since the directory was read.
      }
    });
  }

  /** Port → the descriptor on which it listens. */
  listening(ports: Iterable<number>): Map<number, string | undefined> {
    const own = new Set(this.descriptors());
    const sockets = new Map<number, string>();
    for (const table of ["tcp", "tcp6"]) {
      for (const line of readFileSync(`/proc/${this.#pid}/net/${table}`, "latin1").split("\n").slice(1)) {
        const [, local = "", , state, , , , , , inode] = line.trim().split(/\s+/);
        const socket = `socket:[${inode}]`;
        if (state === "0A" && own.has(socket)) sockets.set(Number.parseInt(local.split(":")[1] ?? "", 16), socket);
      }
    }
    return new Map(Array.from(ports, (port) => [port, sockets.get(port)]));
  }

  residentBytes(): number {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, "latin1"))?.[1];
    return Number(kilobytes) * 1024;
  }

  /** The least of so many looks, 25 ms apart: garbage is collected when the runtime sees fit. */
  async leastResidentBytes(looks: number): Promise<number> {
    let least = Infinity;
    for (let look = 0; look < looks; look++) {
      least = Math.min(least, this.residentBytes());
      await Bun.sleep(25);
    }
    return least;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }

  get #routes(): string {
    return join(this.#directory, "routes");
  }

  get #pid(): number {
    return this.#child?.pid ?? 0;
  }

  async #sum(name: string): Promise<number> {
    return (await this.metric(name)).values().reduce((sum, value) => sum + value, 0);
  }

  async #isReady(): Promise<boolean> {
    try {
      return (await fetch(`http://${this.#admin}/readyz`, { keepalive: false })).ok;
    } catch {
      return false; // The admin port is not open yet.
    }
  }
}
