// The routes that sallyport comes with have to be right: they are what newcomers see first.

import { expect, test } from "bun:test";
import { chmod, readdir } from "node:fs/promises";
import { join } from "node:path";

import manifest from "../package.json" with { type: "json" };
import { DEFAULT_TCP_PORTS } from "../src/plan/gateway/options.ts";
import { loadPlan } from "../src/app/load.ts";
import { pemOf, secretDataOf } from "./support/pem.ts";
import { createRouteFiles, type RouteFiles } from "./support/route-files.ts";

const ROUTES = join(import.meta.dir, "..", "routes");
const EXAMPLES = join(ROUTES, "_examples");
const examples = await readdir(EXAMPLES);
/** The certificates of this test are for nobody's names. */
const OTHER_NAMES = "tls/name-missing";
/** What stands for a file that an example refers to, by the key under which it does. */
const FIXTURES: Readonly<Record<string, string>> = { certificate: "chained.pem", key: "chained.key", ca: "root.pem" };

test("the shipped routes need nothing but the gateway itself", async () => {
  const { plan, diagnostics } = await loadPlan({ documents: [], directories: [ROUTES], embedded: [] });
  expect(diagnostics).toEqual([]);
  expect(plan.listeners.map(({ name }) => name)).toEqual(["127.0.0.1:4041"]);
  expect(plan.pools.flatMap(({ targets }) => targets.map(({ address }) => address))).toEqual(["127.0.0.1:4040"]);
});

test("`start` and `dev` run them", () => {
  expect(manifest.scripts.start).toEndWith(" run --routes routes");
  expect(manifest.scripts.dev).toEndWith(" run --routes routes");
});

test("there are examples", () => {
  expect(examples.length).toBeGreaterThan(0);
});

test("no certificate or key is among them", () => {
  expect(examples.filter((name) => !name.endsWith(".yaml"))).toEqual([]);
});

test.each(examples)("the example %s is right once its certificates are there", async (name) => {
  await using files = await withCertificates([name]);
  const { plan, diagnostics } = await loadExamples(files);
  expect(diagnostics.filter(({ severity, code }) => severity !== "notice" && code !== OTHER_NAMES)).toEqual([]);
  expect(plan.routes.length).toBeGreaterThan(0);
});

test("all examples fit together", async () => {
  await using files = await withCertificates(examples);
  const { diagnostics } = await loadExamples(files);
  // Who puts routes with and without TLS on one port is told what that means. Addresses are not reserved in files.
  const codes = diagnostics
    .map(({ code }) => code)
    .filter((code) => code !== OTHER_NAMES && !code.endsWith("/unreserved-address"));
  expect(codes).toEqual(["plan/waits-for-client"]);
});

/** As the examples want to be run. */
function loadExamples(files: RouteFiles) {
  const sources = { documents: [], directories: [files.path], embedded: [] };
  return loadPlan(sources, {
    gatewayApi: { tcpHosts: new Map([["1.tcp.ngrok.io", undefined]]), tcpPorts: DEFAULT_TCP_PORTS },
  });
}

/** The objects that examples refer to and do not have. */
function certificateObjects(): readonly string[] {
  const data = secretDataOf("chained");
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: "api" }, type: "kubernetes.io/tls" };
  const authorities = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "internal-ca" } };
  return [
    JSON.stringify({ ...secret, stringData: data }),
    JSON.stringify({ ...authorities, data: { "ca.crt": pemOf("root.pem") } }),
  ];
}

/** Copies of examples, beside files of all the names under which they look for certificates and keys. */
async function withCertificates(names: readonly string[]): Promise<RouteFiles> {
  const files = await createRouteFiles();
  for (const [index, object] of certificateObjects().entries()) await files.write(`objects-${index}.json`, object);
  for (const name of names) {
    const text = await Bun.file(join(EXAMPLES, name)).text();
    await files.write(name, text);
    for (const [, key = "", file = ""] of text.matchAll(/\b(certificate|key|ca): ([\w-]+\.(?:crt|key))\b/g)) {
      await files.write(file, pemOf(FIXTURES[key] ?? ""));
      if (key === "key") await chmod(files.at(file), 0o600);
    }
  }
  return files;
}
