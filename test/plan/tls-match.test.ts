import { expect, test } from "bun:test";

import { lookupCidr } from "../../src/base/cidr-map.ts";
import type { HostnamePattern } from "../../src/base/hostname.ts";
import { formatCidr, parseIp } from "../../src/base/ip.ts";
import type { ListenerPlan, Plan, TlsMatch } from "../../src/plan/plan.ts";
import type { RouteResource } from "../../src/resource/route.ts";
import { chooseRoutes, type PlayedClient } from "../support/choose-route.ts";
import { Random } from "../support/random.ts";
import { cidr, passthrough, pattern, TlsScene } from "../support/tls-routes.ts";

/** Only ends a hang. */
const LIMIT_MS = 60_000;

const rule = (name: string) => [{ commonNames: [name] }];

function onlyListener({ listeners }: Plan): ListenerPlan {
  const [listener, ...others] = listeners;
  if (listener === undefined || others.length > 0) throw new Error(`Expected one listener, found ${listeners.length}`);
  return listener;
}

function tlsOf({ hello }: ListenerPlan): TlsMatch {
  if (hello?.tls === undefined) throw new Error("Expected tables for TLS clients");
  return hello.tls;
}

/** The route for a client with this name from somewhere. */
function named(listener: ListenerPlan, name: string | undefined, alpn: readonly string[] = []): readonly string[] {
  return chooseRoutes(listener, { address: "192.0.2.1", tls: { ...(name === undefined ? {} : { name }), alpn } });
}

test("the most specific name wins, and clients without a name get the route without names", () => {
  const scene = new TlsScene();
  const { plan, told } = scene.compile([
    scene.route("rest", { tls: passthrough() }),
    scene.route("wild", { tls: passthrough("*.example.com", "example.com") }),
    scene.route("deep", { tls: passthrough("**.example.com") }),
    scene.route("db", { tls: scene.terminate(["db.example.com"]) }),
  ]);
  expect(told).toEqual([]);
  const listener = onlyListener(plan);
  expect(named(listener, "db.example.com")).toEqual(["db"]);
  expect(named(listener, "web.example.com")).toEqual(["wild"]);
  expect(named(listener, "example.com")).toEqual(["wild"]);
  expect(named(listener, "a.b.example.com")).toEqual(["deep"]);
  expect(named(listener, "example.org")).toEqual(["rest"]);
  expect(named(listener, undefined)).toEqual(["rest"]);
});

test("without a route for every name the others have none", () => {
  const scene = new TlsScene();
  const { plan } = scene.compile([scene.route("db", { tls: passthrough("db.example.com") })]);
  expect(named(onlyListener(plan), "web.example.com")).toEqual([]);
  expect(named(onlyListener(plan), undefined)).toEqual([]);
  expect(onlyListener(plan)).toMatchObject({ fallback: -1 });
  expect(onlyListener(plan)).not.toHaveProperty("bySource");
});

test("of the protocols that a client offers the first one that has a route counts, and who offers none gets the rest", () => {
  const scene = new TlsScene();
  const tls = passthrough("db.example.com");
  const { plan, told } = scene.compile([
    scene.route("web", { tls, alpn: ["h2", "http/1.1"] }),
    scene.route("pg", { tls, alpn: ["postgresql"] }),
    scene.route("rest", { tls }),
  ]);
  expect(told).toEqual([]);
  const listener = onlyListener(plan);
  expect(named(listener, "db.example.com", ["x", "postgresql", "h2"])).toEqual(["pg"]);
  expect(named(listener, "db.example.com", ["http/1.1"])).toEqual(["web"]);
  expect(named(listener, "db.example.com", ["x"])).toEqual(["rest"]);
  expect(named(listener, "db.example.com")).toEqual(["rest"]);
});

test("who is not matched by a narrow route's own name never gets a wider one", () => {
  const scene = new TlsScene();
  const { plan } = scene.compile([
    scene.route("rest", { tls: passthrough() }),
    scene.route("h2", { tls: passthrough("db.example.com"), alpn: ["h2"] }),
    scene.route("near", { tls: passthrough("near.example.com"), sources: ["10.0.0.0/8"] }),
  ]);
  const listener = onlyListener(plan);
  expect(named(listener, "db.example.com", ["http/1.1"])).toEqual([]);
  expect(named(listener, "near.example.com")).toEqual([]);
  expect(chooseRoutes(listener, { address: "10.1.1.1", tls: { name: "near.example.com" } })).toEqual(["near"]);
});

test("routes for certificates come first, in their order, and then the one for everybody", () => {
  const scene = new TlsScene();
  const tls = () => scene.terminate(["db.example.com"], { clientAuth: scene.clientAuth() });
  const { plan, told } = scene.compile([
    scene.route("everybody", { tls: tls() }),
    scene.route("reporting", { tls: tls(), clientCert: rule("reporting") }),
    scene.route("billing", { tls: tls(), clientCert: rule("billing") }),
  ]);
  expect(told).toEqual([]);
  expect(named(onlyListener(plan), "db.example.com")).toEqual(["reporting", "billing", "everybody"]);
});

test("a plain route beside TLS routes has the clients that do not speak TLS, and is told that they have to speak first", () => {
  const scene = new TlsScene();
  const { plan, diagnostics, told } = scene.compile([
    scene.route("plain", { listen: ["5432", "5433"] }),
    scene.route("near", { sources: ["10.0.0.0/8"] }),
    scene.route("db", { tls: passthrough("db.example.com"), sources: ["10.0.0.0/16"] }),
    scene.route("other", { tls: passthrough(), listen: 5433 }),
  ]);
  const [listener] = plan.listeners;
  if (listener === undefined) throw new Error("Expected a listener");
  expect(chooseRoutes(listener, { address: "10.0.0.1" })).toEqual(["near"]);
  expect(chooseRoutes(listener, { address: "192.0.2.1" })).toEqual(["plain"]);
  expect(chooseRoutes(listener, { address: "10.0.0.1", tls: { name: "db.example.com" } })).toEqual(["db"]);
  expect(chooseRoutes(listener, { address: "10.0.0.1", tls: {} })).toEqual([]);
  expect(told).toEqual(["near.yaml listen plan/waits-for-client", "plain.yaml listen plan/waits-for-client"]);
  expect(diagnostics[1]).toMatchObject({
    severity: "notice",
    message: 'Clients of *:5432 have to speak first: TLS routes share it with route "plain"',
  });
});

test("of a Postgres port nobody is told that clients speak first: they do", () => {
  const scene = new TlsScene();
  const { plan, told } = scene.compile([
    scene.route("plain", { protocol: "postgres" }),
    scene.route("db", { protocol: "postgres", tls: passthrough("db.example.com") }),
  ]);
  expect(told).toEqual([]);
  expect(onlyListener(plan).hello?.protocol).toBe("postgres");
});

test("only a listener that has to know more than an address has a hello", () => {
  const scene = new TlsScene();
  const proxyAccept = { from: [cidr("10.0.0.0/8")], versions: "v2" } as const;
  const { plan } = scene.compile([
    scene.route("plain", { listen: 1 }),
    scene.route("pg", { listen: 2, protocol: "postgres" }),
    scene.route("proxy", { listen: 3, proxyAccept }),
    scene.route("tls", { listen: 4, tls: passthrough() }),
  ]);
  const [plain, pg, proxy, tls] = plan.listeners;
  expect(plain).toEqual({ name: "*:1", port: 1, entries: [{ route: "plain", portOffset: 0 }], fallback: 0 });
  expect(pg?.hello).toEqual({ timeoutMs: 5000, protocol: "postgres" });
  expect(Object.keys(proxy?.hello ?? {})).toEqual(["timeoutMs", "proxy", "protocol"]);
  expect(proxy?.hello?.proxy?.versions).toBe("v2");
  const from = proxy?.hello?.proxy?.from;
  expect(["10.1.1.1", "11.1.1.1"].map((ip) => from && lookupCidr(from, parseIp(ip) ?? 0))).toEqual([0, -1]);
  expect(Object.keys(tls?.hello ?? {})).toEqual(["timeoutMs", "protocol", "tls"]);
  expect(tls?.fallback).toBe(-1);
});

test.each([
  [[1000, 3000, 2000], 3000],
  [[1000, 0, 2000], 0],
])("routes that allow %j ms for a hello wait %d ms", (times, timeoutMs) => {
  const scene = new TlsScene();
  const { plan } = scene.compile(
    times.map((helloMs, index) => {
      const name = `r${index}`;
      const { timeouts } = scene.route(name);
      return scene.route(name, { tls: passthrough(`${name}.example.com`), timeouts: { ...timeouts, helloMs } });
    }),
  );
  expect(onlyListener(plan).hello?.timeoutMs).toBe(timeoutMs);
});

test("the ports of a range share one hello", () => {
  const scene = new TlsScene();
  const { plan } = scene.compile([
    scene.route("a", { listen: "5000-14999", tls: passthrough("a.example.com"), sources: ["10.0.0.0/8"] }),
    scene.route("b", { listen: "5000-14999", tls: passthrough("b.example.com") }),
  ]);
  expect(plan.listeners.length).toBe(10_000);
  expect(new Set(plan.listeners.map(({ hello }) => hello)).size).toBe(1);
});

test("10,000 names cost one entry each, on one port", () => {
  const scene = new TlsScene();
  const routes = Array.from({ length: 10_000 }, (_, at) =>
    scene.route(`r${at}`, { tls: passthrough(`db${at}.team${at % 100}.example.com`) }),
  );
  const { plan, told } = scene.compile(routes);
  expect(told).toEqual([]);
  const listener = onlyListener(plan);
  const { names, protocols, sources, cells } = tlsOf(listener);
  expect([names.exact.size, protocols.length, sources.length, cells.length]).toEqual([10_000, 10_000, 10_000, 10_000]);
  expect(named(listener, "db9999.team99.example.com")).toEqual(["r9999"]);
  // Again, with all of them running.
  expect(scene.compile(routes, plan).plan).toEqual(plan);
});

test("what one route lists does not multiply", () => {
  const scene = new TlsScene();
  const names = Array.from({ length: 2000 }, (_, at) => `db${at}.example.com`);
  const alpn = Array.from({ length: 2000 }, (_, at) => `p${at}`);
  const sources = Array.from({ length: 2000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`);
  const { plan, told } = scene.compile([
    scene.route("big", { tls: passthrough(...names), alpn, sources }),
    scene.route("same", { tls: passthrough(...names), alpn, sources: ["192.0.2.1"] }),
  ]);
  expect(told).toEqual([]);
  const match = tlsOf(onlyListener(plan));
  expect([match.names.exact.size, match.protocols.length, match.sources.length, match.cells.length]).toEqual([
    2000, 1, 1, 2,
  ]);
});

test("what a route lists twice makes no difference", () => {
  const scene = new TlsScene();
  const tls = passthrough("a.example.com", "A.example.com");
  const { plan } = scene.compile([scene.route("a", { tls, alpn: ["x", "x"], sources: ["10.0.0.1", "10.0.0.1/32"] })]);
  expect(tlsOf(onlyListener(plan)).cells).toEqual([[0]]);
});

/** Every word of the random routes and clients, so few that they meet all the time. */
const NAMES = ["*", "**.b", "*.b", "*.a.b", "**.a.b", "a.b", "b.a.b", "a"];
const PROTOCOLS = ["x", "y", "z"];
const SOURCES = ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "::/0", "2001:db8::/32"];
const ADDRESSES = ["10.1.2.3", "10.1.2.4", "10.2.0.1", "192.0.2.1", "2001:db8::1", "::1"];

/** At most `most` of these, seldom none. */
function some<Value>(random: Random, values: readonly Value[], most: number): Value[] {
  const picked = Array.from({ length: random.below(most + 1) }, () => values[random.below(values.length)]);
  return Array.from(new Set(picked)).filter((value) => value !== undefined);
}

function randomRoutes(random: Random, scene: TlsScene): readonly RouteResource[] {
  return Array.from({ length: 1 + random.below(12) }, (_, index) => {
    const sources = some(random, SOURCES, 2);
    if (random.chance(5)) return scene.route(`r${index}`, { sources });
    const hostnames = some(random, NAMES, 2);
    const alpn = some(random, PROTOCOLS, 2);
    const clientCert = random.chance(2) ? rule(`c${random.below(3)}`) : [];
    const clientAuth = scene.clientAuth();
    return scene.route(`r${index}`, { tls: scene.terminate(hostnames, { clientAuth }), sources, alpn, clientCert });
  });
}

/** How specific a pattern is for a name, or -1 when it does not mean it. */
function rankOf(each: HostnamePattern, name: string | undefined): number {
  if (each.wildcard === "all") return 0;
  if (name === undefined) return -1;
  if (each.wildcard === "none") return name === each.name ? 1000 : -1;
  if (!name.endsWith(`.${each.name}`)) return -1;
  const before = name.slice(0, -each.name.length - 1);
  if (each.wildcard === "any-depth") return each.name.length * 2;
  return before.includes(".") ? -1 : each.name.length * 2 + 1;
}

/** Those of `routes` that list the value with the best rank; those that list none when none has a rank of at least 0. */
function narrow<Value>(
  routes: readonly RouteResource[],
  listOf: (route: RouteResource) => readonly Value[],
  rank: (value: Value) => number,
): readonly RouteResource[] {
  const best = Math.max(-1, ...routes.flatMap((route) => listOf(route).map(rank)));
  if (best === -1) return routes.filter((route) => listOf(route).length === 0);
  return routes.filter((route) => listOf(route).some((value) => rank(value) === best));
}

const namesOf = (routes: readonly RouteResource[]) => routes.map(({ name }) => name);
const sourcesOf = ({ sources }: RouteResource) => sources.map(formatCidr);

function patternsOf({ tls }: RouteResource): readonly HostnamePattern[] {
  return tls === undefined || tls.hostnames.length === 0 ? [pattern("*")] : tls.hostnames;
}

/** The definition, one route after the other. */
function naiveChoice(routes: readonly RouteResource[], { address, tls }: PlayedClient): readonly string[] {
  const sourceRank = (source: string) => {
    const [from = "", prefix = address.includes(":") ? "128" : "32"] = source.split("/");
    if (from.includes(":") !== address.includes(":")) return -1;
    const inside = from === "0.0.0.0" || from === "::" || address.startsWith(from.replace(/(\.0|:)+$/, ""));
    return inside ? Number(prefix) : -1;
  };
  const plain = routes.filter((route) => route.tls === undefined);
  const secure = routes.filter((route) => route.tls !== undefined);
  if (tls === undefined || secure.length === 0) return namesOf(narrow(plain, sourcesOf, sourceRank).slice(0, 1));
  const ofName = narrow(secure, patternsOf, (each) => rankOf(each, tls.name));
  const offered = tls.alpn?.toReversed() ?? [];
  const ofProtocol = narrow(
    ofName,
    ({ alpn }) => alpn,
    (protocol) => offered.lastIndexOf(protocol),
  );
  const cell = narrow(ofProtocol, sourcesOf, sourceRank);
  return namesOf([
    ...cell.filter(({ clientCert }) => clientCert.length > 0),
    ...cell.filter(({ clientCert }) => clientCert.length === 0).slice(0, 1),
  ]);
}

test(
  "the tables find what trying every route finds, in every random set of routes",
  () => {
    for (let seed = 1; seed <= 1000; seed++) {
      const random = new Random(seed);
      const scene = new TlsScene();
      const routes = randomRoutes(random, scene);
      const { plan } = scene.compile(routes);
      const listener = onlyListener(plan);
      // Those that lost come last, closed.
      const byName = new Map(routes.map((route) => [route.name, route]));
      const kept = listener.entries.flatMap(({ route }) => byName.get(route) ?? []);
      for (let turn = 0; turn < 20; turn++) {
        const name = [undefined, "a", "b", "a.b", "b.b", "a.a.b", "b.a.b", "c.b.a.b"][random.below(8)];
        const alpn = some(random, [...PROTOCOLS, "q"], 3);
        const address = ADDRESSES[random.below(ADDRESSES.length)] ?? "::1";
        const tls = { ...(name === undefined ? {} : { name }), alpn };
        const client = random.chance(5) ? { address } : { address, tls };
        const found = { seed, client, routes: chooseRoutes(listener, client) };
        expect(found).toEqual({ seed, client, routes: naiveChoice(kept, client) });
      }
      expect(structuredClone(plan)).toEqual(plan);
    }
  },
  LIMIT_MS,
);
