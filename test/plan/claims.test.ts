import { expect, test } from "bun:test";

import type { HostnamePattern } from "../../src/base/hostname.ts";
import type { RouteResource } from "../../src/resource/route.ts";
import type { CertificateRule, TlsSpec } from "../../src/resource/tls.ts";
import { Random } from "../support/random.ts";
import { cidr, openRoutes, passthrough, pattern, type RouteWishes, TlsScene } from "../support/tls-routes.ts";

const rule = (name: string) => [{ commonNames: [name] }];

/** What the second of two routes is told. */
function told(make: (scene: TlsScene) => readonly [RouteWishes, RouteWishes]) {
  const scene = new TlsScene();
  const [first, second] = make(scene);
  const { errors, diagnostics, plan } = scene.compile([scene.route("a", first), scene.route("b", second)]);
  return { errors, message: diagnostics[0]?.message, routes: openRoutes(plan) };
}

test.each([
  ["a name", passthrough("db.b"), passthrough("web.b", "DB.b"), "tls.hostnames.1", '"db.b"'],
  ["a star", passthrough("*.b"), passthrough("*.b"), "tls.hostnames.0", '"*.b"'],
  ["every name", passthrough(), passthrough(), "tls", "TLS clients of every name"],
  ["every name, one written", passthrough(), passthrough("*"), "tls.hostnames.0", "TLS clients of every name"],
])("two routes cannot take %s on one address", (_what, first, second, path, clients) => {
  expect(told(() => [{ tls: first }, { tls: second }])).toEqual({
    errors: [`b.yaml ${path} plan/hostname-conflict`],
    message: `Cannot take ${clients} on *:5432: route "a" (a.yaml:1) does`,
    routes: ["a"],
  });
});

test("the message says all that both match, and the path leads to the source when there is no name", () => {
  const wishes = { tls: passthrough(), alpn: ["h2"], sources: ["10.0.0.0/8"] };
  const { errors, message } = told(() => [wishes, { ...wishes, alpn: ["x", "h2"] }]);
  expect(errors).toEqual(["b.yaml match.sources.0 plan/hostname-conflict"]);
  expect(message).toBe(
    'Cannot take TLS clients of every name with ALPN "h2" from 10.0.0.0/8 on *:5432: route "a" (a.yaml:1) does',
  );
});

test.each<[string, RouteWishes, RouteWishes]>([
  ["names", { tls: passthrough("a.b") }, { tls: passthrough("b.b") }],
  ["a name and a star that means it", { tls: passthrough("a.b") }, { tls: passthrough("*.b") }],
  ["stars of one label and of any depth", { tls: passthrough("*.b") }, { tls: passthrough("**.b") }],
  ["a name and every name", { tls: passthrough("a.b") }, { tls: passthrough() }],
  ["TLS and none", { tls: passthrough() }, {}],
  ["protocols", { tls: passthrough(), alpn: ["x"] }, { tls: passthrough(), alpn: ["y"] }],
  ["protocols and none", { tls: passthrough(), alpn: ["x"] }, { tls: passthrough() }],
  ["sources", { tls: passthrough(), sources: ["10.0.0.1"] }, { tls: passthrough(), sources: ["10.0.0.2"] }],
  ["sources and none", { tls: passthrough(), sources: ["10.0.0.1"] }, { tls: passthrough() }],
])("%s keep two routes apart", (_what, first, second) => {
  expect(told(() => [first, second])).toMatchObject({ errors: [], routes: ["a", "b"] });
});

const withCertificate =
  (...clientCert: readonly CertificateRule[]) =>
  (scene: TlsScene): RouteWishes => ({
    tls: scene.terminate(["a.b"], { clientAuth: scene.clientAuth() }),
    clientCert,
  });

test("client certificates keep two routes apart, unless they are the same, in whatever order", () => {
  const one = { commonNames: ["x", "y"], dnsNames: [pattern("*.b")] };
  const same = { dnsNames: [pattern("*.b")], commonNames: ["y", "x"] };
  const other = { commonNames: ["x", "y"] };
  const pair = (first: ReturnType<typeof withCertificate>, second: ReturnType<typeof withCertificate>) =>
    told((scene) => [first(scene), second(scene)]).errors;
  expect(pair(withCertificate(one), withCertificate(other))).toEqual([]);
  expect(pair(withCertificate(one), withCertificate())).toEqual([]);
  expect(pair(withCertificate(one, other), withCertificate(one))).toEqual([]);
  const conflict = ["b.yaml tls.hostnames.0 plan/hostname-conflict"];
  expect(pair(withCertificate(one, other), withCertificate(other, same))).toEqual(conflict);
  expect(pair(withCertificate(), withCertificate())).toEqual(conflict);
});

type MakeTls = (scene: TlsScene) => TlsSpec;
const asked: MakeTls = (scene) => scene.terminate(["a.b"], { clientAuth: scene.clientAuth() });

test.each<[string, MakeTls, string]>([
  ["passed through", () => passthrough("a.b"), "tls.mode"],
  [
    "another certificate",
    (scene) => scene.terminate(["a.b"], { clientAuth: scene.clientAuth(), identity: scene.identity("other") }),
    "tls.certificate",
  ],
  [
    "another oldest version",
    (scene) => scene.terminate(["a.b"], { clientAuth: scene.clientAuth(), minVersion: "1.3" }),
    "tls.minVersion",
  ],
  ["other protocols", (scene) => scene.terminate(["a.b"], { clientAuth: scene.clientAuth(), alpn: ["x"] }), "tls.alpn"],
  ["no client certificates", (scene) => scene.terminate(["a.b"]), "tls.clientAuth"],
  [
    "certificates that are only requested",
    (scene) => scene.terminate(["a.b"], { clientAuth: scene.clientAuth({ mode: "request" }) }),
    "tls.clientAuth.mode",
  ],
  [
    "another authority",
    (scene) => scene.terminate(["a.b"], { clientAuth: scene.clientAuth({ trust: scene.trust("other") }) }),
    "tls.clientAuth.ca",
  ],
  [
    "another list of revoked ones",
    (scene) => scene.terminate(["a.b"], { clientAuth: scene.clientAuth({ trust: scene.trust("ca", ["crl"]) }) }),
    "tls.clientAuth.crl",
  ],
])("routes that only a client certificate tells apart cannot have TLS with %s", (_what, other, path) => {
  expect(told((scene) => [{ tls: asked(scene), clientCert: rule("x") }, { tls: other(scene) }])).toEqual({
    errors: [`b.yaml ${path} plan/tls-conflict`],
    message: `Cannot take "a.b" on *:5432 with another ${path} than route "a" (a.yaml:1)`,
    routes: ["a"],
  });
  // What a client says first would do.
  const apart = told((scene) => [
    { tls: asked(scene), clientCert: rule("x") },
    { tls: other(scene), alpn: ["x"] },
  ]);
  expect(apart.errors).toEqual([]);
});

test("routes that only a client certificate tells apart may let in whom they want", () => {
  const { errors } = told((scene) => [
    { tls: asked(scene), clientCert: rule("x") },
    { tls: scene.terminate(["a.b"], { clientAuth: scene.clientAuth({ allow: rule("y") }) }) },
  ]);
  expect(errors).toEqual([]);
});

test("all routes of an address speak one protocol", () => {
  expect(told(() => [{ sources: ["10.0.0.1"] }, { protocol: "postgres" }])).toEqual({
    errors: ["b.yaml protocol plan/protocol-conflict"],
    message: 'Cannot listen on *:5432 with protocol postgres: route "a" (a.yaml:1) speaks tcp there',
    routes: ["a"],
  });
  const { errors } = told(() => [{ sources: ["10.0.0.1"], protocol: "postgres" }, {}]);
  expect(errors).toEqual(["b.yaml listen plan/protocol-conflict"]);
  expect(told(() => [{ listen: 1 }, { protocol: "postgres" }]).errors).toEqual([]);
});

const accept = (...from: readonly string[]) => ({ from: from.map(cidr), versions: "any" as const });

test.each<[string, RouteWishes, RouteWishes, string | undefined, string]>([
  [
    "the same sources",
    { proxyAccept: accept("10.0.0.0/8", "::1") },
    { proxyAccept: accept("::1", "10.0.0.0/8", "::1") },
    undefined,
    "",
  ],
  [
    "other sources",
    { proxyAccept: accept("10.0.0.0/8") },
    { proxyAccept: accept("10.0.0.0/9") },
    "proxyProtocol.accept",
    'Cannot accept PROXY headers on *:5432: route "a" (a.yaml:1) accepts them from other sources, or in other versions',
  ],
  [
    "other versions",
    { proxyAccept: accept("10.0.0.0/8") },
    { proxyAccept: { ...accept("10.0.0.0/8"), versions: "v1" } },
    "proxyProtocol.accept",
    'Cannot accept PROXY headers on *:5432: route "a" (a.yaml:1) accepts them from other sources, or in other versions',
  ],
  [
    "headers where there are none",
    {},
    { proxyAccept: accept("10.0.0.0/8") },
    "proxyProtocol.accept",
    'Cannot accept PROXY headers on *:5432: route "a" (a.yaml:1) does not',
  ],
  [
    "no headers where there are some",
    { proxyAccept: accept("10.0.0.0/8") },
    {},
    "listen",
    'Cannot listen on *:5432 without PROXY headers: route "a" (a.yaml:1) accepts them there',
  ],
])("PROXY headers of an address: %s", (_what, first, second, path, message) => {
  const found = told(() => [first, { ...second, sources: ["192.0.2.1"] }]);
  expect(found.errors).toEqual(path === undefined ? [] : [`b.yaml ${path} plan/proxy-conflict`]);
  if (path !== undefined) expect(found.message).toBe(message);
});

test("what runs keeps its name, protocol and PROXY headers against a newcomer that comes before it", () => {
  const scene = new TlsScene();
  const b = scene.route("b", { tls: passthrough("b.b") });
  const before = scene.compile([b]);
  for (const [wishes, path, code] of [
    [{ tls: passthrough("b.b") }, "tls.hostnames.0", "hostname"],
    [{ tls: passthrough("a.b"), protocol: "postgres" }, "protocol", "protocol"],
    [{ tls: passthrough("a.b"), proxyAccept: accept("::1") }, "proxyProtocol.accept", "proxy"],
  ] satisfies [RouteWishes, string, string][]) {
    const { plan, errors } = scene.compile([scene.route("a", wishes), b], before.plan);
    expect(openRoutes(plan)).toEqual(["b"]);
    expect(errors).toEqual([`a.yaml ${path} plan/${code}-conflict`]);
  }
});

test("routes that run keep what they have against others that run and change", () => {
  const scene = new TlsScene();
  const route = (name: string, more: RouteWishes = {}) => scene.route(name, { tls: passthrough(`${name}.b`), ...more });
  const before = scene.compile([route("a"), route("b"), route("c")]);
  const changed = [route("a", { protocol: "postgres" }), route("b", { protocol: "postgres" }), route("c")];
  const { plan, errors } = scene.compile(changed, before.plan);
  expect(openRoutes(plan)).toEqual(["c"]);
  expect(errors).toEqual(["a.yaml protocol plan/protocol-conflict", "b.yaml protocol plan/protocol-conflict"]);
});

test("a route that loses a range has none of its ports but to refuse its clients, and the other one is compared once", () => {
  const scene = new TlsScene();
  const { plan, errors } = scene.compile([
    scene.route("a", { listen: 5009, tls: passthrough("x.b") }),
    scene.route("b", { listen: "5000-5009", tls: passthrough("x.b") }),
    scene.route("c", { listen: "5000-5008", tls: passthrough("x.b") }),
  ]);
  expect(errors).toEqual(["b.yaml tls.hostnames.0 plan/hostname-conflict"]);
  expect(plan.listeners.map(({ entries }) => entries.map(({ route }) => route).join())).toEqual([
    "a,b",
    ...Array.from({ length: 9 }, () => "c,b"),
  ]);
});

function nameOf(each: HostnamePattern): string {
  return each.wildcard === "all" ? "*" : JSON.stringify(each);
}

/** Everything that a route matches, multiplied out: the definition. */
function product({ tls, sources, alpn, clientCert }: RouteResource): ReadonlySet<string> {
  const names = tls === undefined ? ["plain"] : tls.hostnames.length === 0 ? ["*"] : tls.hostnames.map(nameOf);
  const keys = new Set<string>();
  for (const name of names)
    for (const protocol of alpn.length === 0 ? [""] : alpn)
      for (const source of sources.length === 0 ? [{}] : sources)
        keys.add(JSON.stringify([name, protocol, source, clientCert]));
  return keys;
}

function some<Value>(random: Random, values: readonly Value[]): Value[] {
  return values.filter(() => random.chance(3));
}

test("of random routes those run that share nothing with an earlier one, however many there are", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed);
    const scene = new TlsScene();
    const routes = Array.from({ length: 2 + random.below(40) }, (_, index) => {
      const sources = some(random, ["10.0.0.1", "10.0.0.2", "10.0.0.0/8", "::/0"]);
      if (random.chance(4)) return scene.route(`r${index}`, { sources });
      const tls = scene.terminate(some(random, ["*", "a.b", "*.b", "**.b", "b"]), { clientAuth: scene.clientAuth() });
      const clientCert = some(random, ["x", "y"]).flatMap(rule);
      return scene.route(`r${index}`, { tls, sources, alpn: some(random, ["p", "q", "r"]), clientCert });
    });
    const taken = new Set<string>();
    const expected = routes.filter((route) => {
      const keys = product(route);
      if (!keys.isDisjointFrom(taken)) return false;
      for (const key of keys) taken.add(key);
      return true;
    });
    const { plan } = scene.compile(routes);
    expect({ seed, names: openRoutes(plan) }).toEqual({
      seed,
      names: expected.map(({ name }) => name),
    });
    expect(scene.compile(routes.toReversed(), plan).plan.routes.length).toBe(plan.routes.length);
  }
});
