// What is left of a route with a mistake: it keeps the clients that it takes from more general routes, and refuses them.

import { expect, test } from "bun:test";

import { formatHostnamePattern } from "../../src/base/hostname.ts";
import { formatCidr } from "../../src/base/ip.ts";
import { Loader } from "../../src/config/load.ts";
import { EVERYBODY, type RouteResource } from "../../src/resource/route.ts";

const MISTAKE = "backends: [a:1]\nbalance: constructor\n";

/** What takes part in place of a document with a mistake. */
async function closed(text: string): Promise<RouteResource | undefined> {
  const file = { file: "a.yaml", text: `${MISTAKE}${text}` };
  const { resources, diagnostics } = await new Loader().load({ documents: [], directories: [], embedded: [file] });
  expect(diagnostics.map(({ code }) => code)).toContain("route/bad-balance");
  for (const route of resources) {
    expect(route.pools).toEqual([]);
    expect(route.allow).toEqual([]);
    expect(route.deny).toBe(EVERYBODY);
  }
  return resources[0];
}

/** Its claim in words. */
async function claim(text: string): Promise<unknown> {
  const route = await closed(text);
  if (route === undefined) return undefined;
  const { listen, sources, tls, alpn, clientCert } = route;
  return {
    ports: listen.map(({ firstPort }) => firstPort),
    ...(sources.length === 0 ? {} : { sources: sources.map(formatCidr) }),
    ...(tls === undefined ? {} : { [tls.mode]: tls.hostnames.map(formatHostnamePattern) }),
    ...(alpn.length === 0 ? {} : { alpn }),
    ...(clientCert.length === 0 ? {} : { clientCert }),
  };
}

test.each([
  ["listen: 1\nmatch: {sources: [10.0.0.0/8]}", { ports: [1], sources: ["10.0.0.0/8"] }],
  ["listen: [1, 2]\ntls: {mode: passthrough, hostnames: [a.b]}", { ports: [1, 2], passthrough: ["a.b"] }],
  ["listen: 1\ntls: {mode: passthrough}", { ports: [1], passthrough: [] }],
  [
    'listen: 1\ntls: {mode: terminate, hostnames: ["*.b"]}\nmatch: {sources: [::1], alpn: [h2], clientCert: {commonNames: [x]}}',
    { ports: [1], sources: ["::1"], passthrough: ["*.b"], alpn: ["h2"], clientCert: [{ commonNames: ["x"] }] },
  ],
])("%j is kept closed", async (text, expected) => {
  expect(await claim(text)).toEqual(expected);
});

test.each([
  ["a port", "listen: [1, x]\nmatch: {sources: [::1]}", { ports: [1], sources: ["::1"] }],
  ["a source", "listen: 1\nmatch: {sources: [::1, x]}", { ports: [1], sources: ["::1"] }],
  ["a name", "listen: 1\ntls: {hostnames: [a.b, 'a b', 10.0.0.1, A.b]}", { ports: [1], passthrough: ["a.b"] }],
  ["a name beside all", "listen: 1\ntls: {hostnames: [a.b, '*']}", { ports: [1], passthrough: [] }],
  ["a protocol", "listen: 1\nmatch: {alpn: [a, '', b]}", { ports: [1], passthrough: [], alpn: ["a", "b"] }],
  [
    "a rule",
    "listen: 1\ntls: {}\nmatch: {clientCert: [{}, {emails: [a@b]}, {uris: [x]}]}",
    { ports: [1], passthrough: [], clientCert: [{ emails: ["a@b"] }] },
  ],
  ["the whole of tls", "listen: 1\ntls: on", { ports: [1], passthrough: [] }],
  ["all names", "listen: 1\ntls: {hostnames: a.b}\nmatch: {alpn: [a]}", { ports: [1], passthrough: [], alpn: ["a"] }],
  ["all rules", "listen: 1\ntls: {hostnames: [a.b]}\nmatch: {clientCert: {}}", { ports: [1], passthrough: ["a.b"] }],
])("what can be read counts where %s cannot", async (_what, text, expected) => {
  expect(await claim(text)).toEqual(expected);
});

test.each([
  ["is for everybody", "listen: 1"],
  ["listens nowhere", "listen: x\ntls: {mode: passthrough}"],
  ["is for names that cannot be read", "listen: 1\ntls: {hostnames: []}"],
  ["is for sources that cannot be read", "listen: 1\nmatch: {sources: [x]}"],
])("a wrong route that %s takes nobody away", async (_what, text) => {
  expect(await claim(text)).toBeUndefined();
});

test("how clients begin is kept, as far as it can be read", async () => {
  const proxied = await closed(
    "name: p\nlisten: 1\nprotocol: postgres\ntls: {mode: terminate}\nproxyProtocol: {accept: {from: [::1]}, send: x}",
  );
  expect(proxied).toMatchObject({ name: "p", protocol: "postgres", proxyAccept: { versions: "any" } });
  expect(proxied?.proxyAccept?.from.map(formatCidr)).toEqual(["::1"]);
  expect("proxySend" in (proxied ?? {})).toBe(false);
  const unread = await closed("listen: 1\nprotocol: x\ntls: {}\nproxyProtocol: {accept: on}");
  expect([unread?.protocol, unread !== undefined && "proxyAccept" in unread]).toEqual(["tcp", false]);
});

test("a warning closes nothing", async () => {
  const text =
    "listen: 1\nbackends: [a:1]\ntls: {mode: passthrough}\n---\nname: b\nlisten: 2\nbackends: [b:1]\nupstreamTls: {insecure: true}\n";
  const file = { file: "a.yaml", text };
  const { resources, diagnostics } = await new Loader().load({ documents: [], directories: [], embedded: [file] });
  expect(diagnostics.map(({ severity, code }) => `${severity} ${code}`)).toEqual(["warning route/insecure-upstream"]);
  expect(resources.map(({ name, pools }) => [name, pools.length])).toEqual([
    ["a", 1],
    ["b", 1],
  ]);
});

test("a wrong route without a name is called by its place", async () => {
  const text = "listen: 1\ntls: {mode: passthrough}\n";
  expect((await closed(`name: a b\n${text}`))?.name).toBe("closed:a.yaml:1");
  const second = `${MISTAKE}${text}---\n${MISTAKE}${text}`;
  const file = { file: "a.yaml", text: second };
  const { resources } = await new Loader().load({ documents: [], directories: [], embedded: [file] });
  expect(resources.map(({ name }) => name)).toEqual(["a", "closed:a.yaml:6"]);
});
