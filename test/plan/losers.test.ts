// Routes that lose to others: their clients are refused, and never get a wider route; winners keep their own clients.

import { expect, test } from "bun:test";

import type { Plan } from "../../src/plan/plan.ts";
import { chooseRoutes, type PlayedClient } from "../support/choose-route.ts";
import { compileRoutes } from "../support/compile-routes.ts";
import { openRoutes, passthrough, type RouteWishes, TlsScene } from "../support/tls-routes.ts";

const rule = (name: string) => [{ commonNames: [name] }];

/** Who gets a client of a listener, the first one that it is tried with; "nobody" may also be a route that refuses all. */
function whoGets(plan: Plan, listener: string, client: PlayedClient): string {
  const found = plan.listeners.find(({ name }) => name === listener);
  const [route = "nobody"] = found === undefined ? [] : chooseRoutes(found, client);
  return openRoutes(plan).includes(route) ? route : "nobody";
}

const named = (name: string): PlayedClient => ({ address: "192.0.2.1", tls: { name } });
const from = (address: string): PlayedClient => ({ address });

const tls = (name: string, hostnames: string, more = "") =>
  `name: ${name}\nlisten: 5432\nbackends: [b:1]\ntls: {mode: passthrough, hostnames: ${hostnames}}\n${more}`;

test("a route that loses one name keeps the others from a wider route", async () => {
  const { plan, told } = await compileRoutes({
    "b.yaml": tls("b", "[a.example]"),
    "n.yaml": tls("n", "[one.example, a.example]"),
    "w.yaml": tls("w", "['*.example']"),
  });
  expect(told).toEqual(["n.yaml:4:51 plan/hostname-conflict"]);
  expect(whoGets(plan, "*:5432", named("one.example"))).toBe("nobody");
  expect(whoGets(plan, "*:5432", named("a.example"))).toBe("b");
  expect(whoGets(plan, "*:5432", named("x.example"))).toBe("w");
});

test("a route whose name is another one's keeps its clients from that one, on its listener", async () => {
  const { plan, told } = await compileRoutes({
    "b.yaml": tls("b", "['*.example']"),
    "c.yaml": tls("b", "[one.example]"),
  });
  expect(told).toEqual(["c.yaml:1:7 plan/duplicate-name"]);
  expect(plan.listeners.map(({ name }) => name)).toEqual(["*:5432"]);
  expect(whoGets(plan, "*:5432", named("one.example"))).toBe("nobody");
  expect(whoGets(plan, "*:5432", named("two.example"))).toBe("b");
});

test("a route that loses one address keeps its clients on the others, but has no listener of its own", () => {
  const scene = new TlsScene();
  const { plan } = scene.compile([
    scene.route("b", { listen: 2, tls: passthrough("one.example") }),
    scene.route("n", { listen: [1, 2, 3, "127.0.0.1:4"], tls: passthrough("one.example") }),
    scene.route("w", { listen: [1, "*:4"], tls: passthrough("*.example") }),
  ]);
  expect(plan.listeners.map(({ name }) => name)).toEqual(["*:2", "*:1", "*:4"]);
  expect(whoGets(plan, "*:1", named("one.example"))).toBe("nobody");
  expect(whoGets(plan, "*:1", named("two.example"))).toBe("w");
  expect(whoGets(plan, "*:2", named("one.example"))).toBe("b");
});

test("a route for all addresses that loses to one for some of them keeps its clients there", () => {
  const scene = new TlsScene();
  const { plan, errors } = scene.compile([
    scene.route("w", { listen: "127.0.0.1:1", tls: passthrough("*.example") }),
    scene.route("n", { listen: "0.0.0.0:1", tls: passthrough("one.example") }),
  ]);
  expect(errors).toHaveLength(1);
  expect(whoGets(plan, "127.0.0.1:1", named("one.example"))).toBe("nobody");
  expect(whoGets(plan, "127.0.0.1:1", named("two.example"))).toBe("w");
});

const plain = (name: string, sources: string) =>
  `name: ${name}\nlisten: 1\nbackends: [b:1]\n${sources === "" ? "" : `match: {sources: [${sources}]}\n`}`;

test("of sources the winner keeps what both list, and the loser's others get nobody", async () => {
  const { plan } = await compileRoutes({
    "b.yaml": plain("b", "10.1.0.0/16"),
    "n.yaml": plain("n", "10.1.0.0/16, 10.2.0.0/16"),
    "w.yaml": plain("w", ""),
    "x.yaml": plain("x", ""),
  });
  expect(openRoutes(plan)).toEqual(["b", "w"]);
  expect(["10.1.1.1", "10.2.1.1", "10.3.1.1"].map((ip) => whoGets(plan, "*:1", from(ip)))).toEqual([
    "b",
    "nobody",
    "w",
  ]);
});

test.each<[string, (scene: TlsScene) => RouteWishes]>([
  ["protocol", () => ({ protocol: "postgres" })],
  ["PROXY headers", () => ({ proxyAccept: { from: [], versions: "any" } })],
  ["handshake", (scene) => ({ tls: scene.terminate(["one.example", "a.example"]), clientCert: rule("x") })],
])("a route that loses for its %s keeps its names from a wider route", (_what, make) => {
  const scene = new TlsScene();
  const asks = scene.terminate(["a.example"], { clientAuth: scene.clientAuth() });
  const { plan, errors } = scene.compile([
    scene.route("b", { tls: asks, clientCert: rule("y") }),
    scene.route("n", { tls: passthrough("one.example", "a.example"), ...make(scene) }),
    scene.route("w", { tls: passthrough("*.example") }),
  ]);
  expect(errors).toHaveLength(1);
  expect(whoGets(plan, "*:5432", named("one.example"))).toBe("nobody");
  expect(whoGets(plan, "*:5432", named("two.example"))).toBe("w");
});

test("in a cell the winner has everybody, and only the certificates of a loser come before it", () => {
  const scene = new TlsScene();
  const asks = () => scene.terminate(["a.example"], { clientAuth: scene.clientAuth() });
  const { plan } = scene.compile([
    scene.route("winner", { tls: asks() }),
    scene.route("same", { tls: asks() }),
    scene.route("strict", { tls: scene.terminate(["a.example"]), clientCert: rule("x") }),
  ]);
  expect(openRoutes(plan)).toEqual(["winner"]);
  const [listener] = plan.listeners;
  expect(listener && chooseRoutes(listener, named("a.example"))).toEqual(["strict", "winner"]);
});

test("a route whose name is taken keeps its clients under the name of its place, but not if a document replaces it", async () => {
  const files = { "n.yaml": tls("n", "[one.example]"), "w.yaml": tls("w", "['*.example']") };
  const { plan } = await compileRoutes({ "m.yaml": tls("n", "[two.example]"), ...files });
  expect(plan.routes.map(({ name }) => name)).toEqual(["n", "w", "closed:n.yaml:1"]);
  expect(["one.example", "two.example", "x.example"].map((name) => whoGets(plan, "*:5432", named(name)))).toEqual([
    "nobody",
    "n",
    "w",
  ]);
  const replaced = await compileRoutes({ "document:n": tls("n", "[two.example]"), ...files });
  expect(whoGets(replaced.plan, "*:5432", named("one.example"))).toBe("w");
});

test("a route that is one too many keeps its clients from those that are not", () => {
  const scene = new TlsScene();
  const { plan, errors } = scene.compile([
    scene.route("w", { listen: ["1-65535", "127.0.0.1:1-65535"], tls: passthrough("*.example"), sources: ["::/0"] }),
    scene.route("wide", { listen: 5432, tls: passthrough("*.example") }),
    scene.route("n", { listen: ["5432-5531"], tls: passthrough("one.example") }),
  ]);
  expect(errors.some((error) => error.endsWith("plan/too-many-listeners"))).toBe(true);
  expect(whoGets(plan, "*:5432", named("one.example"))).toBe("nobody");
  expect(whoGets(plan, "*:5432", named("two.example"))).toBe("wide");
});

const BROKEN = "name: broken\nlisten: 5432\nbackends: [b:1]\nbalance: no\n";

test("a broken route that claims every name takes none from a sound one that comes later", async () => {
  const { plan, told } = await compileRoutes({
    "a.yaml": `${BROKEN}tls: {mode: passthrough}\n`,
    "w.yaml": tls("w", "['*']"),
  });
  expect(told).toEqual(["a.yaml:4:10 route/bad-balance"]);
  expect(whoGets(plan, "*:5432", named("x.example"))).toBe("w");
});

test("a broken route keeps its own names, and has no name that a sound route has", async () => {
  const { plan } = await compileRoutes({
    "a.yaml": `${BROKEN}tls: {mode: passthrough, hostnames: [one.example, a.example]}\n`,
    "b.yaml": tls("broken", "[a.example]"),
    "c.yaml": `${BROKEN.replace("broken", "no name")}tls: {mode: passthrough, hostnames: [two.example]}\n`,
    "w.yaml": tls("w", "['*.example']"),
  });
  expect(openRoutes(plan)).toEqual(["broken", "w"]);
  const names = ["one.example", "two.example", "a.example", "x.example"];
  expect(names.map((name) => whoGets(plan, "*:5432", named(name)))).toEqual(["nobody", "nobody", "broken", "w"]);
});

test("a document that says something twice keeps its clients", async () => {
  const { plan, told } = await compileRoutes({
    "n.yaml": tls("n", "[one.example]", "allow: [10.0.0.0/8]\nallow: [10.0.0.0/8]\n"),
    "w.yaml": tls("w", "['*.example']"),
  });
  expect(told).toEqual(["n.yaml:6:1 yaml/duplicate-key"]);
  expect(whoGets(plan, "*:5432", named("one.example"))).toBe("nobody");
  expect(whoGets(plan, "*:5432", named("x.example"))).toBe("w");
});

test("to refuse clients on an address is not to have it: the next plan has the same winners", () => {
  const scene = new TlsScene();
  const b = scene.route("b", { tls: passthrough("a.example") });
  const n = scene.route("n", { tls: passthrough("one.example", "a.example") });
  const first = scene.compile([b, n]);
  for (const routes of [
    [b, n],
    [n, b],
  ]) {
    const again = scene.compile(routes, first.plan);
    expect(again.plan).toEqual(first.plan);
    expect(again.errors).toEqual(first.errors);
  }
});
