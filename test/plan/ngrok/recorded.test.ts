// Manifests of ngrok's operator, where they are on this machine: what its kinds come to together, and what its own tests expect it to make
// of Gateway API. Elsewhere these tests are skipped, and say so.

import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type LoadedPlan, PlanLoader } from "../../../src/app/load.ts";
import { statusesOf } from "../../../src/plan/gateway/status.ts";
import { DEFAULT_TCP_PORTS } from "../../../src/plan/gateway/options.ts";
import { isMap } from "../../../src/resource/rule.ts";
import { caSecret, readiness, tlsSecret } from "../../support/endpoint-documents.ts";
import { documentsOf } from "../../support/written-document.ts";

/** Beside the repository, for whoever has it. */
const RECORDED = process.env["SALLYPORT_NGROK"] ?? join(import.meta.dir, "../../../../shared/fixtures/ngrok");
const missing = !existsSync(RECORDED);
if (missing) process.stderr.write(`Skipped: no manifests of ngrok in ${RECORDED}\n`);

function load(texts: readonly string[], hosts: readonly string[]): Promise<LoadedPlan> {
  // Each has an address of its own, as they have at ngrok: two of them may have one port.
  const tcpHosts = new Map(hosts.map((host, index) => [host, `127.0.1.${index + 1}`]));
  const loader = new PlanLoader({ gatewayApi: { tcpHosts, tcpPorts: DEFAULT_TCP_PORTS } });
  const embedded = texts.map((text, index) => ({ file: `${index}.yaml`, text }));
  return loader.load({ documents: [], directories: [], embedded });
}

/** `KIND/NAME` → how ready it is. */
function readinessOf({ translation, refusals }: LoadedPlan): ReadonlyMap<string, string> {
  const outcome = { refusalOf: (route: string) => refusals.get(route), bindErrorOf: () => undefined };
  return new Map(
    Array.from(statusesOf(translation, outcome), ([{ kind, metadata }, status]) => [
      `${kind}/${metadata.name}`,
      readiness(status),
    ]),
  );
}

test.skipIf(missing)("a manifest of each kind comes to what it says, once its Secrets are there", async () => {
  const text = await readFile(join(RECORDED, "tcp-manifests-all-kinds.yaml"), "utf8");
  // Its Gateway wants a port that its endpoints have.
  const own = text.split(/^---$/m).filter((each) => /^apiVersion: \S+\.ngrok\.com\//m.test(each));
  const secrets = tlsSecret("upstream-client-cert") + tlsSecret("db-server-cert") + caSecret("db-client-ca");
  const loaded = await load([own.join("---\n"), secrets], ["1.tcp.ngrok.io", "2.tcp.ngrok.io"]);
  expect(loaded.failed).toBe(false);
  const ready = readinessOf(loaded);
  expect(
    ["example-service", "random-address", "full", "zero-knowledge-tls"].map((name) =>
      ready.get(`AgentEndpoint/${name}`),
    ),
  ).toEqual(Array.from({ length: 4 }, () => "True EndpointActive"));
  expect(["example-cloud-endpoint", "by-reference"].map((name) => ready.get(`CloudEndpoint/${name}`))).toEqual(
    Array.from({ length: 2 }, () => "True CloudEndpointActive"),
  );
  expect(ready.get("NgrokTrafficPolicy/tcp-weighted")).toStartWith("True ");
  expect(ready.get("IPPolicy/office")).toStartWith("True ");
});

test.skipIf(missing)("the endpoints that the operator makes of TCPRoutes and TLSRoutes are served", async () => {
  const folder = join(RECORDED, "operator-translator");
  let seen = 0;
  for (const name of await readdir(folder)) {
    const objects: object[] = [];
    const hosts = new Set(["localhost"]);
    for (const { value } of await documentsOf(await readFile(join(folder, name), "utf8"), name)) {
      const { expected } = value;
      for (const key of ["cloudEndpoints", "agentEndpoints"]) {
        const made: unknown = isMap(expected) ? expected[key] : undefined;
        for (const each of Array.isArray(made) ? made : []) {
          const spec: unknown = isMap(each) ? each["spec"] : undefined;
          const url = isMap(spec) ? String(spec["url"]) : "";
          const host = /^(?:tcp|tls):\/\/(.*):\d+$/.exec(url)?.[1];
          if (host === undefined || !isMap(each)) continue;
          hosts.add(host);
          objects.push(each);
        }
      }
    }
    if (objects.length === 0) continue;
    seen += objects.length;
    const loaded = await load([objects.map((each) => `---\n${JSON.stringify(each)}\n`).join("")], [...hosts]);
    const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
    const unready = Array.from(readinessOf(loaded)).filter(([, ready]) => !ready.startsWith("True "));
    expect({ name, errors, unready }).toEqual({ name, errors: [], unready: [] });
  }
  expect(seen).toBeGreaterThan(10);
});
