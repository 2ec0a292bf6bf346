// Gateway API on the shipped executable, in the forms in which people have it: the example, a List in JSON, older versions, every way
// in which a Service says where it is. What the objects come to is asked of everything that tells.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { parse } from "yaml";
import { type Backend, echo, startBackend } from "../support/backend.ts";
import { type BinaryBench, type Place, type RunningBinary, shippedBinary } from "../support/binary.ts";
import { type DnsServer, startDnsServer } from "../support/dns-server.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/free-port.ts";
import { Peer } from "../support/peer.ts";

const EXAMPLE = resolve(import.meta.dir, "../../routes/_examples/gateway-tcproute.yaml");
const FLAGS = [
  "--tcp-host",
  "1.tcp.ngrok.io=127.0.0.1",
  "--cluster-domain",
  "cluster.local",
  "--status-dir",
  "statuses",
];

const Notices = v.object({ items: v.array(v.object({ severity: v.string(), code: v.string(), file: v.string() })) });

interface Shown {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly generation: number; readonly creationTimestamp: string };
  readonly status?: { readonly parents?: readonly { readonly conditions: readonly { readonly reason: string }[] }[] };
}

let first: Backend;
let second: Backend;
let dns: DnsServer;
let bench: BinaryBench;
let place: Place;
let gateway: RunningBinary;
const [front, older, plain] = [freePort(), freePort(), freePort()];

beforeAll(async () => {
  first = await startBackend(echo);
  second = await startBackend(echo, { host: "127.0.0.2", port: first.port });
  dns = await startDnsServer({
    "example-service.default.svc.cluster.local": { a: ["127.0.0.1"] },
    "db1.internal": { a: ["127.0.0.1"] },
  });
  bench = await shippedBinary();
  place = await bench.place();
  const example = await readFile(EXAMPLE, "utf8");
  const here = example.replaceAll("12345", String(front)).replaceAll("9000", String(first.port));
  await place.write("example.yaml", here.replaceAll(/10\.0\.5\.1[12]/g, "127.0.0.2"));
  await place.write("list.json", { apiVersion: "v1", kind: "List", items: listItems() });
  const parents = `metadata: { name: other }\nspec: { parentRefs: [{ name: example-gateway }], rules: [{ backendRefs: [{ name: a, port: 1 }] }] }\n`;
  const foreign = ["UDPRoute", "HTTPRoute", "GRPCRoute"].map((kind) => `kind: ${kind}\n${parents}`);
  const others = ["Deployment", "Deployment", "Job"].map((kind) => `kind: ${kind}\nmetadata: { name: x }\n`);
  await place.write(
    "foreign.yaml",
    [
      ...foreign.map((text) => `apiVersion: gateway.networking.k8s.io/v1\n${text}`),
      ...others.map((text) => `apiVersion: apps/v1\n${text}`),
    ].join("---\n"),
  );
  gateway = await place.start(["--routes", "routes", ...FLAGS, "--dns", dns.address]);
}, 60_000);

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await bench[Symbol.asyncDispose]();
  await dns[Symbol.asyncDispose]();
  await Promise.all([first.close(), second.close()]);
});

const listener = (name: string, port: number): object => ({ name, port, protocol: "TCP" });
const service = (name: string, spec: object): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec,
});

/** A Gateway of older versions: one listener leads to a name outside, the other to Endpoints. */
function listItems(): readonly object[] {
  const group = "gateway.networking.k8s.io";
  const route = (name: string, version: string): object => ({
    apiVersion: `${group}/${version}`,
    kind: "TCPRoute",
    metadata: { name },
    spec: {
      parentRefs: [{ name: "older", sectionName: name }],
      rules: [{ backendRefs: [{ name, port: first.port }] }],
    },
  });
  return [
    {
      apiVersion: `${group}/v1beta1`,
      kind: "Gateway",
      metadata: { name: "older" },
      spec: {
        gatewayClassName: "sallyport",
        addresses: [{ type: "IPAddress", value: "127.0.0.1" }],
        listeners: [listener("outside", older), listener("listed", plain)],
      },
    },
    route("outside", "v1alpha2"),
    route("listed", "v1"),
    service("outside", { type: "ExternalName", externalName: "db1.internal" }),
    service("listed", { ports: [{ port: first.port }] }),
    {
      apiVersion: "v1",
      kind: "Endpoints",
      metadata: { name: "listed" },
      subsets: [{ addresses: [{ ip: "127.0.0.2" }], ports: [{ port: first.port }] }],
    },
  ];
}

async function meets(port: number): Promise<void> {
  await using peer = await Peer.connect(port);
  await peer.send("x");
  await eventually(() => peer.received === 1);
}

const counts = (): readonly number[] => [first.peers.length, second.peers.length];

async function shown(...argv: readonly string[]): Promise<readonly Shown[]> {
  const { code, out, err } = await gateway.cli("resources", ...argv, "-o", "json");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return JSON.parse(out).items;
}

/** What the admin port answers with a list. */
async function listed(what: string): Promise<unknown> {
  return (await fetch(`http://${gateway.admin}/api/v1/${what}`)).json();
}

describe("Gateway API on the executable", () => {
  test("the example's clients are shared out by weight, over a Service by name and one with EndpointSlices", async () => {
    const [a = 0, b = 0] = counts();
    for (let index = 0; index < 20; index++) await meets(front);
    expect(counts()).toEqual([a + 18, b + 2]);
    expect(dns.questions).toContain("A example-service.default.svc.cluster.local");
  });

  test("an ExternalName and Endpoints lead to where they say", async () => {
    const [a = 0, b = 0] = counts();
    await meets(older);
    expect(counts()).toEqual([a + 1, b]);
    await meets(plain);
    expect(counts()).toEqual([a + 1, b + 1]);
  });

  test("resources are listed with their status, in every format, and by the admin port", async () => {
    const table = await gateway.cli("resources");
    expect(table).toMatchObject({ code: 0, err: "" });
    expect(table.out).toMatch(/^default +Gateway +example-gateway +Programmed /m);
    expect(table.out).toMatch(/^default +TCPRoute +example-tcproute +Accepted /m);
    const wide = await gateway.cli("resources", "gtw", "example-gateway", "-o", "wide");
    expect(wide.out).toMatch(/example-gateway +Programmed +\S+ +1\.tcp\.ngrok\.io +1$/m);
    const yaml = parse((await gateway.cli("resources", "tcproute/example-tcproute", "-o", "yaml")).out);
    expect(yaml).toMatchObject({
      kind: "TCPRoute",
      status: { parents: [{ parentRef: { sectionName: `p${front}` } }] },
    });
    expect(await listed("resources")).toEqual({ items: [...(await shown())], next: null });
  });

  test("routes that are not carried say so, and the status counts them", async () => {
    const routes = (await shown()).filter(({ metadata }) => metadata.name === "other");
    const reasons = routes.map(({ kind, status }) => [kind, status?.parents?.[0]?.conditions[0]?.reason]);
    expect(reasons.toSorted()).toEqual([
      ["GRPCRoute", "NotAllowedByListeners"],
      ["HTTPRoute", "NotAllowedByListeners"],
      ["UDPRoute", "NotAllowedByListeners"],
    ]);
    const status = await gateway.cli("status");
    expect(status.out).toMatch(/^Resources +\d+, of which 3 with something wrong$/m);
  });

  test("kinds of others get one notice each, and older versions one", async () => {
    const { items } = v.parse(Notices, await listed("diagnostics"));
    const found = items.filter(({ severity }) => severity === "notice").map(({ code, file }) => `${file} ${code}`);
    expect(found.toSorted()).toEqual([
      "routes/foreign.yaml config/foreign-kind",
      "routes/foreign.yaml config/foreign-kind",
      "routes/list.json manifest/old-version",
    ]);
  });

  test("the status directory has a file for each object with a status", async () => {
    const path = join(place.path, "statuses/default.tcproute.example-tcproute.yaml");
    await eventually(() => Bun.file(path).exists());
    const wanted = (await shown("tcproutes")).find(({ metadata }) => metadata.name === "example-tcproute");
    expect(parse(await readFile(path, "utf8"))).toEqual({ ...wanted });
  });

  test("age and generation survive kill -9", async () => {
    const before = (await shown()).map(({ metadata }) => metadata);
    await gateway[Symbol.asyncDispose]();
    gateway = await place.start(["--routes", "routes", ...FLAGS, "--dns", dns.address]);
    expect((await shown()).map(({ metadata }) => metadata)).toEqual(before);
    await meets(front);
  });
});
