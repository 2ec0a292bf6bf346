// A gateway that runs on manifests, in this process or as the executable that SALLYPORT_BINARY names. What tests learn of it
// they learn through its admin port, so that both are asked the same.

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { type ResourceObject, ResourceSchema } from "../../src/admin/resource-object.ts";
import { DEFAULT_TCP_HOSTS, type GatewayApiOptions } from "../../src/plan/gateway/options.ts";
import { startFlow } from "./flow.ts";
import { startManifestBinary } from "./manifest-binary.ts";

const TOKEN = "test-token";

const Reload = v.object({
  result: v.string(),
  diagnostics: v.array(v.object({ file: v.string(), line: v.number(), severity: v.string(), code: v.string() })),
});
const Live = v.object({ items: v.array(v.object({ route: v.string(), backend: v.optional(v.string()) })) });

/** What is said of the files, as they are loaded now. */
export type ReloadAnswer = v.InferOutput<typeof Reload>;

export interface ManifestOptions extends Partial<GatewayApiOptions> {
  /** DNS servers for names of Services, `IP:PORT`. */
  readonly dns?: readonly string[];
}

/** What both ways to run have in common: where the admin port is, and how it ends at once. */
export interface RunningGateway {
  readonly admin: string;
  /** As the machine would end it: nothing is said goodbye to. */
  kill(): Promise<void>;
}

/** Where a gateway finds things; it can be started again on them. */
export interface GatewayPlace {
  readonly directory: string;
  readonly routes: string;
  readonly state: string;
  readonly token: string;
}

export class ManifestGateway implements AsyncDisposable {
  readonly #place: GatewayPlace;
  #options: ManifestOptions;
  #running: RunningGateway | undefined;

  /** Starts a gateway on `files`: name → YAML. Mistakes in them are for the test to look at. */
  static async start(files: Readonly<Record<string, string>>, options: ManifestOptions = {}): Promise<ManifestGateway> {
    const directory = await mkdtemp(join(tmpdir(), "sallyport-conformance-"));
    const place = { directory, routes: join(directory, "routes"), state: join(directory, "state.db"), token: TOKEN };
    const gateway = new ManifestGateway(place, options);
    await mkdir(place.routes);
    for (const [file, text] of Object.entries(files)) await gateway.write(file, text);
    try {
      await gateway.startAgain();
    } catch (error) {
      await gateway[Symbol.asyncDispose]();
      throw error;
    }
    return gateway;
  }

  private constructor(place: GatewayPlace, options: ManifestOptions) {
    this.#place = place;
    this.#options = options;
  }

  /** Ends it at once: the executable by SIGKILL. */
  async kill(): Promise<void> {
    await this.#running?.kill();
    this.#running = undefined;
  }

  /** Starts it on what the last one left. */
  async startAgain(): Promise<void> {
    const binary = process.env["SALLYPORT_BINARY"];
    const start = binary === undefined || binary === "" ? startHere : startManifestBinary.bind(undefined, binary);
    this.#running = await start(this.#place, this.#options);
  }

  /** Writes a file in one step, as deployments do; `reload` makes it count at the latest. */
  async write(file: string, text: string): Promise<void> {
    const hidden = join(this.#place.routes, `.${file}`);
    await writeFile(hidden, text);
    await rename(hidden, join(this.#place.routes, file));
  }

  /** Writes a file and reads all of them again. */
  async apply(file: string, text: string): Promise<ReloadAnswer> {
    await this.write(file, text);
    return this.reload();
  }

  /** Removes a file and reads the others again. */
  async remove(file: string): Promise<ReloadAnswer> {
    await rm(join(this.#place.routes, file));
    return this.reload();
  }

  async reload(): Promise<ReloadAnswer> {
    return v.parse(Reload, await (await this.ask("POST", "/api/v1/reload")).json());
  }

  /** An object with its status; `undefined`: there is none. `namespace` is empty for kinds that are in none. */
  async find(kind: string, namespace: string, name: string): Promise<ResourceObject | undefined> {
    const path = `/api/v1/resources/${kind}/${namespace || "-"}/${name}`;
    const answer = await this.ask("GET", path);
    return answer.status === 404 ? undefined : v.parse(ResourceSchema, await answer.json());
  }

  /** Live connections: the names of their routes. */
  async connections(): Promise<readonly string[]> {
    const { items } = v.parse(Live, await (await this.ask("GET", "/api/v1/connections?limit=1000")).json());
    return items.map(({ route }) => route);
  }

  /** Mistakes in the files, and what else is said of them. */
  async diagnostics(): Promise<ReloadAnswer["diagnostics"]> {
    const answer = await (await this.ask("GET", "/api/v1/diagnostics")).json();
    return v.parse(v.object({ items: Reload.entries.diagnostics }), answer).items;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#place.directory, { recursive: true, force: true });
  }

  /** Starts it on what the last one left, with other flags from now on. */
  async startAgainWith(options: ManifestOptions): Promise<void> {
    this.#options = options;
    await this.startAgain();
  }

  /** Asks the admin port, over a connection of its own; `content` is sent as JSON. */
  async ask(method: string, path: string, content?: object): Promise<Response> {
    if (this.#running === undefined) throw new Error("The gateway does not run");
    const headers = { authorization: `Bearer ${this.#place.token}` };
    const body = content === undefined ? {} : { body: JSON.stringify(content) };
    return fetch(`http://${this.#running.admin}${path}`, { method, headers, keepalive: false, ...body });
  }
}

/** In this process. */
async function startHere(place: GatewayPlace, options: ManifestOptions): Promise<RunningGateway> {
  const flow = await startFlow(
    {},
    {
      routes: [place.routes],
      state: place.state,
      adminToken: place.token,
      tcpHosts: DEFAULT_TCP_HOSTS,
      dns: [],
      ...options,
    },
  );
  const { admin } = flow.gateway;
  if (!("host" in admin)) throw new Error("The admin port has no address");
  return { admin: `${admin.host}:${admin.port}`, kill: async () => await flow[Symbol.asyncDispose]() };
}
