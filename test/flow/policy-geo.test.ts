// What policies know of places: databases are read at start and again when asked, and whoever asks without one is told.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Backend, speaksFirst, startBackend } from "../support/backend.ts";
import { startFlow } from "../support/flow.ts";
import { ASN, CITY, geoDatabase } from "../support/geo-databases.ts";
import { Peer } from "../support/peer.ts";
import { routeAt } from "../support/tls-flow.ts";

let directory: string;
let city: string;
let asn: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "sallyport-geo-"));
  [city, asn] = [join(directory, "city.mmdb"), join(directory, "asn.mmdb")];
  await Promise.all([writeFile(city, CITY), writeFile(asn, ASN)]);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A route that believes the addresses that clients tell by PROXY headers, and denies those for whom this holds. */
function denies(backend: Backend, expression: string) {
  const policy = { on_tcp_connect: [{ name: "no", expressions: [expression], actions: [{ type: "deny" }] }] };
  return routeAt(0, backend, { proxyProtocol: { accept: { from: ["127.0.0.1"] } }, policy });
}

/** The first word of the backend to a client with this address, or how it ended. */
async function visitFrom(address: string, port: number): Promise<string> {
  await using client = await Peer.connect(port);
  await client.send(`PROXY TCP4 ${address} 198.51.100.1 1000 25\r\n`);
  await client.until(() => client.received > 0 || client.ending !== undefined);
  return client.received > 0 ? client.text : (client.ending ?? "nothing");
}

describe("with geo databases", () => {
  test("policies know country and network of clients, and that nothing is known of others", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using flow = await startFlow(
      {
        "country.yaml": denies(backend, "conn.client_ip.geo.location.country_code == 'DE'"),
        "network.yaml": denies(backend, "conn.client_ip.as.number == 64496"),
        "known.yaml": denies(backend, "has(conn.geo)"),
        "old.yaml": denies(backend, "conn.geo.city == 'Berlin'"),
      },
      { geoDatabases: [city, asn] },
    );
    expect(await flow.view.diagnostics()).toEqual([]);
    for (const route of ["country", "network", "known", "old"]) {
      const port = await flow.port(route);
      expect([route, await visitFrom("203.0.113.7", port)]).toEqual([route, "reset"]);
      expect([route, await visitFrom("198.51.100.7", port)]).toEqual([route, "hello"]);
    }
  });

  test("a reload takes a new file, and keeps what was there when the new one is broken", async () => {
    const replaced = join(directory, "replaced.mmdb");
    await writeFile(replaced, CITY);
    await using backend = await startBackend(speaksFirst("hello"));
    const route = denies(backend, "conn.client_ip.geo.location.city == 'Berlin'");
    await using flow = await startFlow({ "db.yaml": route }, { geoDatabases: [replaced] });
    const port = await flow.port("db");
    await writeFile(`${replaced}.new`, "no database");
    await rename(`${replaced}.new`, replaced);
    await flow.gateway.reload();
    expect(await flow.log.line("geo-kept")).toMatchObject({ level: "warn" });
    expect(await visitFrom("203.0.113.7", port)).toBe("reset");
    await writeFile(`${replaced}.new`, geoDatabase({ city: { names: { en: "Paris" } } }));
    await rename(`${replaced}.new`, replaced);
    await flow.reload();
    expect(await flow.log.line("geo-replaced")).toMatchObject({ level: "info" });
    expect(await visitFrom("203.0.113.7", port)).toBe("hello");
  });

  test("a file that cannot be used keeps the gateway from starting", async () => {
    await expect(startFlow({}, { geoDatabases: [join(directory, "missing.mmdb")] })).rejects.toMatchObject({
      code: "geo/unreadable",
    });
  });
});

describe("without a geo database", () => {
  test("nothing is known, and a file whose policies ask is told so once, at the first place", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    const file = `name: one
listen: 127.0.0.1:0
backends: ["127.0.0.1:${backend.port}"]
policy:
  on_tcp_connect:
    - expressions: ["conn.client_port > 0", "conn.client_ip.geo.location.country_code != ''"]
      actions: [{ type: deny }]
    - actions: [{ type: log, config: { metadata: { city: "\${conn.geo.city}" } } }]
---
name: two
listen: 127.0.0.1:0
backends: ["127.0.0.1:${backend.port}"]
policy: { on_tcp_connect: [{ expressions: ["conn.client_ip.as.number == 1"], actions: [{ type: deny }] }] }
`;
    await using flow = await startFlow({ "a.yaml": file });
    const told = await flow.view.diagnostics();
    expect(told).toMatchObject([{ line: 6, column: 45, severity: "notice", code: "policy/no-geo" }]);
    await using client = await Peer.connect(await flow.port("one"));
    expect(await client.read(5)).toBe("hello");
  });

  test.each([
    ["a text of log", { type: "log", config: { metadata: { deep: [{ as: "${conn.client_ip.as.number}" }] } } }],
    ["a value of set-vars", { type: "set-vars", config: { vars: [{ x: "${conn.geo}" }] } }],
    ["an entry of restrict-ips", { type: "restrict-ips", config: { allow: ["${conn.server_ip.geo.location.city}"] } }],
    [
      "a key of rate-limit",
      { type: "rate-limit", config: { name: "x", capacity: 1, rate: "60s", bucket_key: ["conn.client_ip.as.number"] } },
    ],
    ["a URL of forward-internal", { type: "forward-internal", config: { url: "tcp://${conn.geo.city}.internal:1" } }],
    ["all that there is of a connection", { type: "log", config: { metadata: { all: "${conn}" } } }],
  ])("%s is found", async (_what, action) => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using flow = await startFlow({
      "a.yaml": routeAt(0, backend, { policy: { on_tcp_connect: [{ actions: [action] }] } }),
    });
    expect((await flow.view.diagnostics()).map(({ code }) => code)).toEqual(["policy/no-geo"]);
  });

  test("an endpoint and a policy of ngrok's are told so, too, each at its place", async () => {
    const asks = `on_tcp_connect: [{expressions: ["conn.geo.city == 'Paris'"], actions: [{type: deny}]}]`;
    const api = "apiVersion: ngrok.k8s.ngrok.com/v1alpha1";
    await using flow = await startFlow({
      "endpoint.yaml": `${api}
kind: AgentEndpoint
metadata: {name: a}
spec:
  url: tcp://
  upstream: {url: "tcp://127.0.0.1:1"}
  trafficPolicy:
    inline: {${asks}}
`,
      "policy.yaml": `${api}
kind: NgrokTrafficPolicy
metadata: {name: p}
spec:
  policy: {${asks}}
`,
    });
    const told = (await flow.view.diagnostics()).map(({ line, column, code }) => `${line}:${column} ${code}`);
    expect(told).toEqual(["8:46 policy/no-geo", "5:44 policy/no-geo"]);
  });

  test("a policy that asks for nothing of the kind is told nothing", async () => {
    await using backend = await startBackend(speaksFirst("hello"));
    await using flow = await startFlow({ "a.yaml": denies(backend, "conn.client_ip == '192.0.2.1' || has(conn.tls)") });
    expect(await flow.view.diagnostics()).toEqual([]);
  });
});
