import { expect, test } from "bun:test";

import type { Plan } from "../../src/plan/plan.ts";
import { EVERYBODY } from "../../src/resource/route.ts";
import type { IdentitySpec, TrustSpec } from "../../src/resource/tls.ts";
import { chooseRoutes, type PlayedClient } from "../support/choose-route.ts";
import { passthrough, type RouteWishes, TlsScene } from "../support/tls-routes.ts";

/** Words for what could not be read. */
const LOST: IdentitySpec & TrustSpec = {
  certificate: { file: "lost.crt" },
  key: { file: "lost.key" },
  ca: { file: "lost.pem" },
};

/** A route that cannot run, and a plain one that has its port. */
function broken(make: (scene: TlsScene) => RouteWishes) {
  const scene = new TlsScene();
  const { plan, errors } = scene.compile([scene.route("broken", make(scene)), scene.route("plain")]);
  return { plan, errors };
}

function routesFor({ listeners }: Plan, client: PlayedClient): readonly string[] {
  const [listener] = listeners;
  return listener === undefined ? [] : chooseRoutes(listener, client);
}

test.each<[string, (scene: TlsScene) => RouteWishes]>([
  ["its certificate", (scene) => ({ tls: scene.terminate(["a.b"], { identity: LOST }) })],
  ["its certificate, for every name", (scene) => ({ tls: scene.terminate([], { identity: LOST }) })],
  [
    "whom it believes of its clients",
    (scene) => ({ tls: scene.terminate(["a.b"], { clientAuth: scene.clientAuth({ trust: LOST }) }) }),
  ],
  [
    "whom it believes of its backends",
    () => ({ tls: passthrough(), pool: { upstreamTls: { insecure: false, trust: LOST } } }),
  ],
  [
    "what it shows its backends",
    () => ({ tls: passthrough(), pool: { upstreamTls: { insecure: false, identity: LOST } } }),
  ],
])("a route that lacks %s takes its clients from others, and refuses them", (_what, make) => {
  const { plan, errors } = broken(make);
  expect(errors).toEqual([]);
  expect(routesFor(plan, { address: "192.0.2.1", tls: { name: "a.b" } })).toEqual(["broken"]);
  expect(routesFor(plan, { address: "192.0.2.1" })).toEqual(["plain"]);
  const [route] = plan.routes;
  expect(route?.tls).toEqual({ mode: "passthrough" });
  expect(route?.deny?.size).toBe(EVERYBODY.length);
  expect(route?.pools).toEqual([]);
  expect(plan.pools.map(({ name }) => name)).toEqual(["plain"]);
});

test("a plain route that lacks whom it believes is left out, unless it takes some sources from others", () => {
  const upstreamTls = { insecure: false, trust: LOST };
  const scene = new TlsScene();
  const alone = scene.compile([scene.route("broken", { pool: { upstreamTls } })]);
  expect(alone.plan).toEqual({ listeners: [], routes: [], pools: [] });
  const { plan } = broken(() => ({ pool: { upstreamTls }, sources: ["10.0.0.0/8"] }));
  expect(routesFor(plan, { address: "10.0.0.1" })).toEqual(["broken"]);
  expect(plan.listeners[0]).not.toHaveProperty("hello");
});

test("a TLS route of every name that cannot run is left out when no other route has its port", () => {
  const scene = new TlsScene();
  const tls = scene.terminate([], { identity: LOST });
  const { plan } = scene.compile([
    scene.route("broken", { tls, listen: [5432, "127.0.0.2:5433"] }),
    scene.route("b", { listen: 1 }),
  ]);
  expect(plan.routes.map(({ name }) => name)).toEqual(["b"]);
});

test("a route that wants certificates but ends no TLS refuses everybody, and so does one for ALPN without TLS", () => {
  const clientCert = [{ commonNames: ["x"] }];
  for (const wishes of [{ tls: passthrough("a.b"), clientCert }, { clientCert }, { alpn: ["x"] }]) {
    const { plan } = broken(() => wishes);
    expect(routesFor(plan, { address: "192.0.2.1", tls: { name: "a.b", alpn: ["x"] } })).toEqual(["broken"]);
    expect(routesFor(plan, { address: "192.0.2.1" })).toEqual(["plain"]);
    expect(plan.routes[0]?.deny?.size).toBe(EVERYBODY.length);
  }
});

test("a route that refuses everybody shares its certificates' cell with others, whatever TLS they have", () => {
  const scene = new TlsScene();
  const tls = () => scene.terminate(["a.b"], { clientAuth: scene.clientAuth() });
  const lost = scene.terminate(["a.b"], { identity: LOST, clientAuth: scene.clientAuth() });
  const { plan, errors } = scene.compile([
    scene.route("everybody", { tls: tls() }),
    scene.route("broken", { tls: lost, clientCert: [{ commonNames: ["x"] }] }),
    scene.route("other", { tls: tls(), clientCert: [{ commonNames: ["y"] }] }),
  ]);
  expect(errors).toEqual([]);
  expect(routesFor(plan, { address: "::1", tls: { name: "a.b" } })).toEqual(["broken", "other", "everybody"]);
});

test("a route that refuses everybody has no say in what is read of the clients of others", () => {
  const scene = new TlsScene();
  const { timeouts } = scene.route("any");
  const { plan, errors } = scene.compile([
    scene.route("broken", {
      tls: scene.terminate(["a.b"], { identity: LOST }),
      timeouts: { ...timeouts, helloMs: 0 },
      proxyAccept: { from: EVERYBODY, versions: "any" },
    }),
    scene.route("db", { tls: passthrough("b.b"), protocol: "postgres" }),
  ]);
  expect(errors).toEqual([]);
  const { tls: _tables, ...hello } = plan.listeners[0]?.hello ?? {};
  expect(hello).toEqual({ timeoutMs: 5000, protocol: "postgres" });
});

test("a claim that comes closed already stays as it is, even when it lacks a certificate", () => {
  const { plan } = broken((scene) => ({
    tls: scene.terminate(["a.b"], { identity: LOST }),
    backends: [],
    deny: EVERYBODY,
  }));
  expect(plan.routes[0]?.tls).toEqual({ mode: "passthrough" });
});
