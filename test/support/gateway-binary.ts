// The compiled executable as a child process, with route files in a directory of its own; told about through its admin
// port alone, as its users are.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { BackendSchema, RouteSchema } from "../../src/admin/schema-engine.ts";
import type { EngineSnapshot } from "../../src/engine/snapshot.ts";
import { CLOSE_REASONS } from "../../src/socket/close-reason.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

/** What a test needs of a gateway, wherever that runs. */
export interface RouteGateway extends AsyncDisposable {
  /** The port on which the route's first listener is bound. */
  port(route: string): Promise<number>;
  engine(): Promise<Pick<EngineSnapshot, "routes" | "backends">>;
  /** The access log so far, in the order of endings. */
  accesses(): Promise<readonly Access[]>;
  /** What else it has logged so far, the sentences. */
  messages(): Promise<readonly string[]>;
}

/** The access log once it has `count` lines: the executable writes it a moment later than clients see their end. */
export async function accessesOf(gateway: RouteGateway, count: number): Promise<readonly Access[]> {
  let accesses: readonly Access[] = [];
  await eventually(async () => (accesses = await gateway.accesses()).length >= count);
  return accesses;
}

/** What a test looks at in an access line. */
const Access = v.object({
  event: v.literal("connection"),
  route: v.string(),
  client: v.string(),
  backend: v.exactOptional(v.string()),
  sni: v.exactOptional(v.string()),
  proxySource: v.exactOptional(v.string()),
  tls: v.exactOptional(v.string()),
  clientCert: v.exactOptional(v.string()),
  reason: v.picklist(CLOSE_REASONS),
  detail: v.exactOptional(v.string()),
});
const Message = v.object({ level: v.string(), message: v.string() });
export type Access = Omit<v.InferOutput<typeof Access>, "event">;

/** Starts the executable on `files`, name → text; resolves when it is ready. */
export async function startBinary(binary: string, files: Readonly<Record<string, string>>): Promise<RouteGateway> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-binary-"));
  const routes = join(directory, "routes");
  for (const [file, text] of Object.entries(files)) await Bun.write(join(routes, file), text);
  const admin = `127.0.0.1:${freePort()}`;
  const log = join(directory, "log");
  const state = join(directory, "state.db");
  const child = Bun.spawn(
    [resolve(binary), "run", "--routes", routes, "--admin", admin, "--state", state, "--log", "json"],
    { stdio: ["ignore", "ignore", Bun.file(log)], cwd: directory },
  );
  const release = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${binary} exited with ${child.exitCode}`);
      return isReady(admin);
    });
  } catch (error) {
    await release();
    throw error;
  }
  return {
    port: (route) => routePort(admin, route),
    engine: async () => ({
      routes: await list(admin, "routes", RouteSchema),
      backends: await list(admin, "backends", BackendSchema),
    }),
    accesses: async () => readAccesses(await linesOf(log)),
    messages: async () => messagesOf(await linesOf(log)),
    [Symbol.asyncDispose]: release,
  };
}

/** The last line may be half written. */
async function linesOf(file: string): Promise<readonly string[]> {
  const log = await readFile(file, "utf8");
  return log.split("\n").slice(0, -1);
}

function readAccesses(lines: readonly string[]): Access[] {
  return lines.filter((line) => line.includes('"event":"connection"')).map(readAccess);
}

/** What a test looks at in a line of the access log, as programs read it. */
export function readAccess(line: string): Access {
  return v.parse(Access, JSON.parse(line));
}

function messagesOf(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const result = v.safeParse(Message, JSON.parse(line));
    return result.success ? [result.output.message] : [];
  });
}

async function isReady(admin: string): Promise<boolean> {
  try {
    return (await fetch(`http://${admin}/readyz`)).ok;
  } catch {
    // The admin port is not open yet.
    return false;
  }
}

const Listener = v.object({ port: v.number(), routes: v.array(v.string()) });

async function routePort(admin: string, route: string): Promise<number> {
  const listener = (await list(admin, "listeners", Listener)).find(({ routes }) => routes.includes(route));
  if (listener === undefined) throw new Error(`No listener serves "${route}"`);
  return listener.port;
}

async function list<Item>(admin: string, what: string, item: v.GenericSchema<Item>): Promise<Item[]> {
  const response = await fetch(`http://${admin}/api/v1/${what}`);
  return v.parse(v.object({ items: v.array(item) }), await response.json()).items;
}
