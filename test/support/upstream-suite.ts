// Upstream's own manifests of its conformance tests, where they are on this machine, made fit for it: each Gateway gets an address of its
// own, ports that need privileges are moved, and instead of Deployments there are servers of ours behind the Services.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseAllDocuments } from "yaml";
import { CONTROLLER, documents, loopbackHost, ManifestGateway, type Place } from "./conformance.ts";
import { type EchoServer, startEchoServer } from "./echo-server.ts";
import { upstreamSecrets, type UpstreamSecrets } from "./upstream-secrets.ts";

const ROOT = process.env["SALLYPORT_GATEWAY_API"] ?? join(import.meta.dir, "../../../shared/fixtures/gateway-api");
const RELEASE = "v1.6.1";
const SUITE = join(ROOT, "conformance");

/** Whether upstream's suite is on this machine. */
export const HAS_UPSTREAM: boolean = existsSync(join(SUITE, "tests-index.json"));
if (!HAS_UPSTREAM) process.stderr.write(`Skipped: no conformance manifests of Gateway API in ${ROOT}\n`);

const Test = v.object({ name: v.string(), manifests: v.array(v.string()) });
export type UpstreamTest = v.InferOutput<typeof Test>;

/** All tests of the release that are about our kinds. */
export function upstreamTests(): readonly UpstreamTest[] {
  const index: unknown = JSON.parse(readFileSync(join(SUITE, "tests-index.json"), "utf8"));
  return v.parse(v.looseObject({ [RELEASE]: v.array(Test) }), index)[RELEASE] ?? [];
}

/** Whether all manifests of a test are on this machine too. */
export function isWhole({ manifests }: UpstreamTest): boolean {
  return manifests.every((file) => existsSync(join(SUITE, RELEASE, file)));
}

const Port = v.looseObject({
  name: v.optional(v.string()),
  port: v.number(),
  targetPort: v.optional(v.union([v.number(), v.string()])),
});
const Manifest = v.looseObject({
  kind: v.string(),
  metadata: v.looseObject({ name: v.string(), namespace: v.optional(v.string(), "") }),
  spec: v.optional(v.looseObject({}), {}),
});
const ServiceSpec = v.looseObject({
  selector: v.looseObject({ app: v.string() }),
  ports: v.array(Port),
});
/** A document, to be looked at and changed. */
export type UpstreamManifest = v.InferOutput<typeof Manifest>;

/** Ports below this need privileges … */
const FIRST_FREE_PORT = 1024;
/** … and are moved by this. */
const MOVED_BY = 20_000;
const WITH_PORTS: ReadonlySet<string> = new Set(["listeners", "perPort", "parentRefs"]);

/** A port as we have it. */
export function movedPort(port: number): number {
  return port < FIRST_FREE_PORT ? port + MOVED_BY : port;
}

/** TEST-NET-1: no machine has it (RFC 5737). */
export const UNUSABLE_ADDRESS = "192.0.2.1";

/** A gateway on the manifests of one test. */
export class UpstreamScene implements AsyncDisposable {
  readonly gateway: ManifestGateway;
  /** An address that a Gateway may ask for. */
  readonly usable: string;
  /** What servers and clients show, and believe. */
  readonly secrets: UpstreamSecrets;
  readonly #manifests: Map<string, UpstreamManifest>;
  readonly #hosts: ReadonlyMap<string, string>;
  readonly #cleanup: AsyncDisposableStack;

  static async start(test: UpstreamTest): Promise<UpstreamScene> {
    await using stack = new AsyncDisposableStack();
    const usable = loopbackHost();
    const read = (file: string): readonly UpstreamManifest[] => readManifests(join(SUITE, RELEASE, file), usable);
    const base = read("base/manifests.yaml");
    const own = test.manifests.flatMap(read);
    const hosts = new Map<string, string>();
    for (const manifest of [...base, ...own]) giveAddress(manifest, hosts);
    const secrets = await upstreamSecrets();
    const servers = new Map<string, EchoServer>();
    const slices: object[] = [];
    for (const { kind, metadata, spec } of [...base, ...own]) {
      const service = kind === "Service" ? v.safeParse(ServiceSpec, spec) : undefined;
      if (service?.success !== true) continue;
      const { namespace, name } = metadata;
      const app = service.output.selector.app;
      const server =
        servers.get(`${namespace}/${app}`) ??
        stack.use(await startEchoServer({ namespace, service: app, tls: secrets.serverOf(namespace, app) }));
      servers.set(`${namespace}/${app}`, server);
      slices.push(sliceOf(namespace, name, service.output.ports, server));
    }
    const gateway = stack.use(
      await ManifestGateway.start({
        "base.yaml": textOf(base),
        "secrets.yaml": secrets.manifests,
        "slices.yaml": textOf(slices),
        "test.yaml": textOf(own),
      }),
    );
    return new UpstreamScene(gateway, usable, secrets, own, hosts, stack.move());
  }

  private constructor(
    gateway: ManifestGateway,
    usable: string,
    secrets: UpstreamSecrets,
    own: readonly UpstreamManifest[],
    hosts: ReadonlyMap<string, string>,
    cleanup: AsyncDisposableStack,
  ) {
    this.gateway = gateway;
    this.usable = usable;
    this.secrets = secrets;
    this.#manifests = new Map(own.map((manifest) => [nameOf(manifest), manifest]));
    this.#hosts = hosts;
    this.#cleanup = cleanup;
  }

  /** Where a Gateway of the test listens, by a port as upstream has it. */
  place(gateway: string, port: number): Place {
    const host = this.#hosts.get(gateway);
    if (host === undefined) throw new Error(`There is no ${gateway} with an address of its own`);
    return { host, port: movedPort(port) };
  }

  /** Changes a document of the test, given as a copy, or removes it: `undefined`. */
  async change(name: string, change: (spec: Record<string, unknown>) => unknown): Promise<void> {
    const manifest = this.#manifests.get(name);
    if (manifest === undefined) throw new Error(`There is no ${name}`);
    const spec = change(structuredClone(manifest.spec));
    if (spec === undefined) this.#manifests.delete(name);
    else this.#manifests.set(name, { ...manifest, spec: v.parse(v.looseObject({}), spec) });
    await this.gateway.apply("test.yaml", textOf([...this.#manifests.values()]));
  }

  /** Adds a document, written as YAML. */
  async add(file: string, text: string): Promise<void> {
    await this.gateway.apply(file, text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }
}

function readManifests(file: string, usable: string): readonly UpstreamManifest[] {
  const text = readFileSync(file, "utf8")
    .replaceAll("{GATEWAY_CLASS_NAME}", "sallyport")
    .replaceAll("{GATEWAY_CONTROLLER_NAME}", CONTROLLER)
    .replaceAll("PLACEHOLDER_UNUSABLE_ADDRS", UNUSABLE_ADDRESS)
    .replaceAll("PLACEHOLDER_USABLE_ADDRS", usable);
  const parsed: unknown[] = parseAllDocuments(text).map((document): unknown => document.toJS());
  return parsed.filter((each) => each !== null).map((each) => v.parse(Manifest, movePorts(each, false)));
}

/** `isBelow`: whether ports here are those of listeners. */
function movePorts(value: unknown, isBelow: boolean): unknown {
  if (Array.isArray(value)) return value.map((each) => movePorts(each, isBelow));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, unknown]) => [
      key,
      key === "port" && isBelow && typeof each === "number"
        ? movedPort(each)
        : movePorts(each, isBelow || WITH_PORTS.has(key)),
    ]),
  );
}

/** In a cluster each Gateway has an address of its own. */
function giveAddress(manifest: UpstreamManifest, hosts: Map<string, string>): void {
  if (manifest.kind !== "Gateway" || "addresses" in manifest.spec) return;
  const host = loopbackHost();
  manifest.spec["addresses"] = [{ type: "IPAddress", value: host }];
  hosts.set(nameOf(manifest), host);
}

function sliceOf(
  namespace: string,
  service: string,
  ports: readonly v.InferOutput<typeof Port>[],
  { port: tcp, tlsPort: tls }: EchoServer,
): object {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { namespace, name: `${service}-1`, labels: { "kubernetes.io/service-name": service } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["127.0.0.1"] }],
    ports: ports.map(({ name, targetPort }) => ({
      ...(name === undefined ? {} : { name }),
      port: targetPort === 8443 ? tls : tcp,
    })),
  };
}

/** `Kind namespace/name`, as statuses are asked for. */
function nameOf({ kind, metadata: { namespace, name } }: UpstreamManifest): string {
  return namespace === "" ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** JSON is YAML. */
function textOf(manifests: readonly object[]): string {
  return documents(...manifests.map((manifest) => JSON.stringify(manifest)));
}
