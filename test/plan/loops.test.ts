import { expect, test } from "bun:test";

import { compileRoutes } from "../support/compile-routes.ts";
import { passthrough, type RouteWishes, TlsScene } from "../support/tls-routes.ts";

/** What is told about one route that listens and has a backend there, and the names of the routes in the plan. */
async function loop(listen: string, backend: string, bind: readonly string[] = [], more = "") {
  const text = `listen: "${listen}"\nbackends: ["b:1", "${backend}"]\n${more}`;
  const { plan, told } = await compileRoutes({ "a.yaml": text }, undefined, bind);
  return { told, routes: plan.routes.map(({ name }) => name) };
}

test.each([
  ["5432", "127.0.0.1:5432", []],
  ["5432", "127.9.9.9:5432", []],
  ["5432", "[::1]:5432", []],
  ["5432", "[::ffff:127.0.0.1]:5432", []],
  ["5432", "LocalHost:5432", []],
  ["5432", "0.0.0.0:5432", []],
  [":5432", "localhost.:5432", []],
  ["[::]:5432", "127.0.0.1:5432", []],
  ["0.0.0.0:5432", "127.0.0.1:5432", []],
  ["0.0.0.0:5432", "localhost:5432", []],
  ["127.0.0.1:5432", "127.0.0.1:5432", []],
  ["localhost:5432", "localhost:5432", []],
  ["127.0.0.1:5432", "0.0.0.0:5432", []],
  ["[::1]:5432", "localhost:5432", []],
  ["[::1]:5432", "[::]:5432", []],
  ["10.0.0.5:5432", "10.0.0.5:5432", []],
  ["5432", "10.0.0.5:5432", ["10.0.0.5"]],
  ["5430-5439", "127.0.0.1:5435", []],
  ["5430-5439", "127.0.0.1:5430-5439", []],
])("listening on %s with the backend %s and --bind %j is a loop", async (listen, backend, bind) => {
  expect(await loop(listen, backend, bind)).toEqual({ told: ["a.yaml:2:19 route/loop"], routes: [] });
});

test.each([
  ["5432", "127.0.0.1:5433", []],
  ["5432", "db.internal:5432", []],
  ["5432", "10.0.0.5:5432", []],
  ["5432", "unix:/5432", []],
  ["5432", "srv+localhost", []],
  ["5432", "127.0.0.1:5432", ["10.0.0.5"]],
  ["0.0.0.0:5432", "[::1]:5432", []],
  ["10.0.0.5:5432", "127.0.0.1:5432", []],
  ["10.0.0.5:5432", "localhost:5432", []],
  ["127.0.0.1:5432", "127.0.0.2:5432", []],
  ["127.0.0.1:5432", "[::1]:5432", []],
  ["5430-5439", "127.0.0.1:5440", []],
  ["5430-5439", "127.0.0.1:5435-5444", []],
])("listening on %s with the backend %s and --bind %j is none", async (listen, backend, bind) => {
  expect(await loop(listen, backend, bind)).toEqual({ told: [], routes: ["a"] });
});

const match = (source: string) => `match: {sources: ["${source}"]}\n`;

test("whoever has itself as a backend for clients from elsewhere alone is left alone", async () => {
  expect((await loop("1", "127.0.0.1:1", [], match("10.0.0.0/8"))).told).toEqual([]);
  expect((await loop("1", "127.0.0.1:1", [], match("127.0.0.0/8"))).told).toEqual(["a.yaml:2:19 route/loop"]);
  expect((await loop("1", "localhost:1", [], match("::1"))).told).toEqual(["a.yaml:2:19 route/loop"]);
});

test("a loop that takes clients from another route still takes them, and refuses them", async () => {
  const { plan, told } = await compileRoutes({
    "general.yaml": 'listen: 1\nbackends: ["b:1"]\n',
    "loop.yaml": 'listen: 1\nmatch: {sources: [127.0.0.0/8]}\nbackends: ["localhost:1"]\n',
  });
  expect(told).toEqual(["loop.yaml:3:12 route/loop"]);
  expect(plan.listeners[0]?.entries.map(({ route }) => route)).toEqual(["general", "loop"]);
  expect(plan.routes.map(({ pools }) => pools.length)).toEqual([1, 0]);
  expect(plan.routes.map((route) => "deny" in route)).toEqual([false, true]);
});

const IPV4 = "127.0.0.1:5432";

/** What is told about one route with a TLS name that has its own port as a backend, beside a plain one. */
function tlsLoop(make: (scene: TlsScene) => RouteWishes, backend = IPV4) {
  const scene = new TlsScene();
  const routes = [scene.route("a", { backend, ...make(scene) }), scene.route("plain")];
  const { errors, plan } = scene.compile(routes);
  return { errors, refused: plan.routes.filter((route) => route.deny !== undefined).map(({ name }) => name) };
}

const upstream = (serverName?: string) => ({ insecure: false, ...(serverName === undefined ? {} : { serverName }) });

test.each<[string, (scene: TlsScene) => RouteWishes, string]>([
  ["TLS that is passed through keeps its name", () => ({ tls: passthrough("a.b") }), IPV4],
  ["TLS that is passed through without a name", () => ({ tls: passthrough() }), IPV4],
  [
    "TLS that is made again under the same name",
    (scene) => ({ tls: scene.terminate(["a.b"]), pool: { upstreamTls: upstream("A.b") } }),
    IPV4,
  ],
  [
    "or one that a star means",
    (scene) => ({ tls: scene.terminate(["*.b"]), pool: { upstreamTls: upstream("x.b") } }),
    IPV4,
  ],
  [
    "or without a name, for a route that takes all",
    (scene) => ({ tls: scene.terminate(), pool: { upstreamTls: upstream() } }),
    IPV4,
  ],
  [
    "or under the name of the backend",
    (scene) => ({ tls: scene.terminate(["localhost"]), pool: { upstreamTls: upstream() } }),
    "localhost:5432",
  ],
])("a loop: %s", (_what, make, backend) => {
  expect(tlsLoop(make, backend)).toEqual({ errors: ["a.yaml backends.0 route/loop"], refused: ["a"] });
});

test.each<[string, (scene: TlsScene) => RouteWishes]>([
  ["what is taken out of TLS is for the plain route of the port", (scene) => ({ tls: scene.terminate(["a.b"]) })],
  ["also for a route of every name", (scene) => ({ tls: scene.terminate() })],
  [
    "TLS that is made again under another name",
    (scene) => ({ tls: scene.terminate(["a.b"]), pool: { upstreamTls: upstream("b.b") } }),
  ],
  [
    "or without one: an IP is never said",
    (scene) => ({ tls: scene.terminate(["a.b"]), pool: { upstreamTls: upstream() } }),
  ],
])("no loop: %s", (_what, make) => {
  expect(tlsLoop(make)).toEqual({ errors: [], refused: [] });
});
