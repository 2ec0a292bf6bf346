// A whole gateway in this process, with route files in a directory of its own and an admin port on a free port.

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Gateway, startGateway } from "../../src/app/gateway.ts";
import type { GatewayOptions } from "../../src/app/options.ts";
import { DEFAULT_TCP_HOSTS, DEFAULT_TCP_PORTS } from "../../src/plan/gateway/options.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { RecordedLog } from "./recorded-log.ts";

export interface FlowGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly view: Gateway["view"];
  readonly log: RecordedLog;
  /** The directory with the route files. */
  readonly directory: string;
  /** The port on which the route's first listener is bound. */
  port(route: string): Promise<number>;
  /** Writes a route file; `reload` makes it count. */
  write(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
  reload(): ReturnType<Gateway["view"]["reload"]>;
}

/** Route documents without much ceremony: JSON is YAML. */
export function routeText(route: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(route);
}

/** Starts a gateway on `files`: name → text, or the route itself. Every route listens where it says; use port 0. */
export async function startFlow(
  files: Readonly<Record<string, string | Readonly<Record<string, unknown>>>>,
  options: Partial<GatewayOptions> = {},
): Promise<FlowGateway> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-flow-"));
  const routes = join(directory, "routes");
  const log = new RecordedLog();
  const write = async (file: string, text: string): Promise<void> => {
    await Bun.write(join(routes, file), text);
  };
  await mkdir(routes);
  for (const [file, content] of Object.entries(files)) {
    await write(file, typeof content === "string" ? content : routeText(content));
  }
  const gateway = await startGateway({
    version: "test",
    runtime: bunRuntime(),
    log,
    routes: [routes],
    embedded: [],
    admin: { host: "127.0.0.1", port: 0 },
    adminToken: "test-token",
    state: join(directory, "state.db"),
    bind: [],
    dns: [],
    tcpHosts: DEFAULT_TCP_HOSTS,
    tcpPorts: DEFAULT_TCP_PORTS,
    strict: false,
    drainTimeoutMs: 5_000,
    ...options,
  });
  const { view } = gateway;
  return {
    gateway,
    view,
    log,
    directory: routes,
    async port(route) {
      const { listeners } = await view.engine();
      const listener = listeners.find((each) => each.routes.includes(route));
      if (listener === undefined) throw new Error(`No listener serves "${route}"`);
      return listener.port;
    },
    write,
    remove: (file) => rm(join(routes, file)),
    reload: () => view.reload(),
    async [Symbol.asyncDispose]() {
      await gateway.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
