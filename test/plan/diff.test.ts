import { expect, test } from "bun:test";

import { diffPlans } from "../../src/plan/diff.ts";
import { compileRoutes } from "../support/compile-routes.ts";
import { cidr, passthrough, type RouteWishes, TlsScene } from "../support/tls-routes.ts";

const on = (port: string | number, more = "") => `listen: ${port}\nbackends: ["b:1"]\n${more}`;

test("a diff names what was added, changed, removed and left alone", async () => {
  const before = await compileRoutes({ "a.yaml": on(1), "b.yaml": on(2), "c.yaml": on(3) });
  const after = await compileRoutes({ "a.yaml": on(1), "b.yaml": on(22), "d.yaml": on(4) });
  expect(diffPlans(before.plan, after.plan)).toEqual({
    added: ["d"],
    changed: ["b"],
    removed: ["c"],
    unchanged: ["a"],
  });
});

test.each([
  ["a port", on(2)],
  ["an address", on('"127.0.0.1:1"')],
  ["a range", on('"1-2"')],
  ["a backend", 'listen: 1\nbackends: ["c:1"]\n'],
  ["a weight", 'listen: 1\nbackends: [{address: "b:1", weight: 2}]\n'],
  ["an allowed address", on(1, "allow: [10.0.0.1]\n")],
  ["a denied address", on(1, "deny: [10.0.0.1]\n")],
  ["a match", on(1, "match: {sources: [10.0.0.1]}\n")],
  ["a timeout", on(1, "timeouts: {idle: 1s}\n")],
  ["a limit", on(1, "limits: {connections: 1}\n")],
  ["a rate", on(1, "limits: {rate: 5/s}\n")],
  ["a limit of each source", on(1, "limits: {perSource: 5}\n")],
  ["a bandwidth", on(1, "limits: {bandwidth: 5MB/s}\n")],
  ["a queue", on(1, "limits: {queue: off}\n")],
  ["a balance", on(1, "balance: random\n")],
  ["a check", on(1, "health: {}\n")],
  ["an ejection", on(1, "health: {check: off, passive: {failures: 4}}\n")],
  ["no ejection", on(1, "health: {check: off, passive: off}\n")],
  ["a word for connections to what went down", on(1, "health: {check: off, onDown: kill}\n")],
  ["a slow start", on(1, "health: {check: off, slowStart: 1s}\n")],
  ["a number of attempts", on(1, "dial: {attempts: 1}\n")],
  ["a time for an attempt", on(1, "dial: {timeout: 1s}\n")],
  ["an interval of look-ups", on(1, "resolve: {interval: 1s}\n")],
  ["a backend's limit", 'listen: 1\nbackends: [{address: "b:1", maxConnections: 2}]\n'],
  ["a name of SRV records", "listen: 1\nbackends: [srv+b]\n"],
])("another %s changes a route", async (_what, text) => {
  const before = await compileRoutes({ "a.yaml": on(1) });
  const after = await compileRoutes({ "a.yaml": text });
  expect(diffPlans(before.plan, after.plan).changed).toEqual(["a"]);
});

test.each([
  ["bytes that are expected", '{expect: {hex: "00"}}', '{expect: {hex: "01"}}'],
  ["a user", "postgres", "{postgres: {user: monitor}}"],
  ["a server name", "tls", "{tls: {serverName: db}}"],
])("another word for the same is none, but %s change a route", async (_what, one, other) => {
  const before = await compileRoutes({ "a.yaml": on(1, `health: {check: ${one}}\n`) });
  const same = await compileRoutes({ "a.yaml": on(1, `health: {check: ${one}, interval: 5000ms}\n`) });
  const after = await compileRoutes({ "a.yaml": on(1, `health: {check: ${other}}\n`) });
  expect(before.told).toEqual([]);
  expect(diffPlans(before.plan, same.plan).unchanged).toEqual(["a"]);
  expect(diffPlans(before.plan, after.plan).changed).toEqual(["a"]);
});

test.each<[string, (scene: TlsScene) => RouteWishes]>([
  ["a certificate", (scene) => ({ tls: scene.terminate(["a.b"], { identity: scene.identity("renewed") }) })],
  ["a name", (scene) => ({ tls: scene.terminate(["b.b"]) })],
  ["an oldest version", (scene) => ({ tls: scene.terminate(["a.b"], { minVersion: "1.3" }) })],
  ["an end of TLS", () => ({ tls: passthrough("a.b") })],
  ["an authority", (scene) => ({ tls: scene.terminate(["a.b"], { clientAuth: scene.clientAuth() }) })],
  ["a protocol of TLS", (scene) => ({ tls: scene.terminate(["a.b"]), alpn: ["x"] })],
  ["a protocol", (scene) => ({ tls: scene.terminate(["a.b"]), protocol: "postgres" })],
  ["a header that is sent", (scene) => ({ tls: scene.terminate(["a.b"]), pool: { proxySend: 2 } })],
  [
    "a header that is accepted",
    (scene) => ({ tls: scene.terminate(["a.b"]), proxyAccept: { from: [cidr("::1")], versions: "any" } }),
  ],
  ["TLS to backends", (scene) => ({ tls: scene.terminate(["a.b"]), pool: { upstreamTls: { insecure: false } } })],
])("another %s changes a route, and not the one beside it", (_what, change) => {
  const scene = new TlsScene();
  const beside = scene.route("beside", { listen: 1, tls: passthrough() });
  const before = scene.compile([scene.route("a", { tls: scene.terminate(["a.b"]) }), beside]);
  const again = scene.compile([scene.route("a", { tls: scene.terminate(["a.b"]) }), beside]);
  const after = scene.compile([scene.route("a", change(scene)), beside]);
  expect(diffPlans(before.plan, again.plan).unchanged).toEqual(["a", "beside"]);
  expect(diffPlans(before.plan, after.plan)).toEqual({ added: [], changed: ["a"], removed: [], unchanged: ["beside"] });
});

test("a newcomer by name on the same port does not change a route", () => {
  const scene = new TlsScene();
  const route = scene.route("a", { tls: passthrough("a.b") });
  const before = scene.compile([route]);
  const after = scene.compile([scene.route("_", { tls: passthrough("b.b") }), route]);
  expect(diffPlans(before.plan, after.plan)).toEqual({ added: ["_"], changed: [], removed: [], unchanged: ["a"] });
});

test("what is written as it would be anyway does not change a route", async () => {
  const before = await compileRoutes({ "a.yaml": on(1) });
  const after = await compileRoutes({
    "a.yaml":
      'listen: 1\nbackends: [{address: "b:1", weight: 1}]\nbalance: round-robin\nhealth: off\nlimits: {}\ntimeouts: {connect: 5s}\n',
  });
  expect(diffPlans(before.plan, after.plan).unchanged).toEqual(["a"]);
});

test("comments, another file and a newcomer on the same port do not change a route", async () => {
  const shared = on(1, "match: {sources: [10.0.0.0/8]}\n");
  const before = await compileRoutes({ "a.yaml": shared });
  const after = await compileRoutes({ "_.yaml": on(1), "below/a.yaml": `# moved\n\n${shared}` });
  expect(diffPlans(before.plan, after.plan)).toEqual({ added: ["_"], changed: [], removed: [], unchanged: ["a"] });
});

test("an empty plan differs from nothing", () => {
  const empty = { listeners: [], routes: [], pools: [] };
  expect(diffPlans(empty, empty)).toEqual({ added: [], changed: [], removed: [], unchanged: [] });
});
