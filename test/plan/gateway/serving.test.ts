import { describe, expect, test } from "bun:test";
import {
  gateway,
  listenerOf,
  manifest,
  parentsOf,
  service,
  tcp,
  tcpRoute,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { chooseRoutes } from "../../support/choose-route.ts";
import { type Translated, translateManifests } from "../../support/translate-manifests.ts";

const SERVING = "sallyport.dev/Serving";

/** The route that a TLS client of the only port gets. */
function chosen({ compiled }: Translated, name: string): readonly string[] {
  const [listener] = compiled.plan.listeners;
  return listener === undefined ? [] : chooseRoutes(listener, { address: "127.0.0.1", tls: { name } });
}

describe("several TCPRoutes of one listener", () => {
  const front = gateway("front", [tcp("a", 5432)]) + service("db");

  test("all are accepted and count; the oldest has the clients, and the others are told so", async () => {
    const text =
      front + tcpRoute("a-young", ["front"], ["db"], { day: 3 }) + tcpRoute("z-old", ["front"], ["db"], { day: 1 });
    const found = await translateManifests(text + tcpRoute("m-middle", ["front"], ["db"], { day: 2 }));
    expect(listenerOf(found, "front", "a")).toMatchObject({
      Programmed: "True/Programmed",
      kinds: ["TCPRoute"],
      routes: 3,
    });
    expect(found.routes.map(({ name }) => name)).toEqual(["tcproute/default/z-old@default/front/a"]);
    const accepted = { Accepted: "True/Accepted", ResolvedRefs: "True/ResolvedRefs" };
    expect(parentsOf(found, "TCPRoute", "z-old")).toEqual([accepted]);
    for (const name of ["a-young", "m-middle"]) {
      expect(parentsOf(found, "TCPRoute", name)).toEqual([{ ...accepted, [SERVING]: "False/SupersededByOlderRoute" }]);
    }
    expect(found.messages[0]).toBe(
      '6: tcproute/superseded-by-older-route: TCPRoute "default/z-old" comes first and has all clients of listener "default/front/a"',
    );
  });

  test("of one age the first by namespace and name has them", async () => {
    const found = await translateManifests(
      front + tcpRoute("b/a", ["default/front"]) + tcpRoute("a/b", ["default/front"], ["default/db"]),
    );
    expect(found.routes.map(({ name }) => name)).toEqual(["tcproute/a/b@default/front/a"]);
  });

  test("the oldest has them although its backend is not there", async () => {
    const text =
      front + tcpRoute("old", ["front"], ["gone"], { day: 1 }) + tcpRoute("young", ["front"], ["db"], { day: 2 });
    expect([...(await translateManifests(text)).refused]).toEqual([
      ["tcproute/default/old@default/front/a", 'There is no Service "default/gone"'],
    ]);
  });

  test("who has one of its listeners is not told of the other", async () => {
    const text = gateway("front", [tcp("a", 1001), tcp("b", 1002)]) + service("db");
    const old = tcpRoute("old", [{ name: "front", sectionName: "a" }], ["db"], { day: 1 });
    const found = await translateManifests(text + old + tcpRoute("young", ["front"], ["db"], { day: 2 }));
    expect(parentsOf(found, "TCPRoute", "young")[0]).not.toHaveProperty(SERVING);
    expect(found.routes.map(({ name }) => name)).toEqual([
      "tcproute/default/old@default/front/a",
      "tcproute/default/young@default/front/b",
    ]);
  });
});

describe("several TLSRoutes of one listener", () => {
  const front = gateway("front", [tls("l", 443)]) + service("db");

  test("each has the names that no older one has", async () => {
    const text = front + tlsRoute("young", ["front"], ["a.x.com", "b.x.com"], ["db"], { day: 2 });
    const found = await translateManifests(text + tlsRoute("old", ["front"], ["a.x.com"], ["db"], { day: 1 }));
    expect(chosen(found, "a.x.com")).toEqual(["tlsroute/default/old@default/front/l"]);
    expect(chosen(found, "b.x.com")).toEqual(["tlsroute/default/young@default/front/l"]);
    expect(found.said).toEqual([]);
  });

  test("one that has none left is told so", async () => {
    const text = front + tlsRoute("young", ["front"], ["a.x.com"], ["db"], { day: 2 });
    const found = await translateManifests(text + tlsRoute("old", ["front"], ["a.x.com"], ["db"], { day: 1 }));
    expect(parentsOf(found, "TLSRoute", "young")[0]).toMatchObject({
      Accepted: "True/Accepted",
      [SERVING]: "False/SupersededByOlderRoute",
    });
    expect(listenerOf(found, "front", "l").routes).toBe(2);
  });

  test("one whose names are all a closer listener's is told so", async () => {
    const text = gateway("front", [tls("wide", 443), tls("close", 443, "a.x.com")]) + service("db");
    const found = await translateManifests(text + tlsRoute("r", [{ name: "front", sectionName: "wide" }], ["a.x.com"]));
    expect(parentsOf(found, "TLSRoute", "r")[0]).toMatchObject({ [SERVING]: "False/SupersededByCloserListener" });
    expect(chosen(found, "a.x.com")).toEqual(["listener/default/front/close"]);
  });

  test("one with mistakes keeps its names closed, and does not count", async () => {
    const broken = manifest("gateway.networking.k8s.io/v1", "TLSRoute", "bad", {
      spec: { parentRefs: [{ name: "front" }], hostnames: ["a.x.com"], rules: "nonsense" },
    });
    const found = await translateManifests(front + broken + tlsRoute("wide", ["front"], ["*.x.com"]), {
      mayBreak: true,
    });
    expect(chosen(found, "a.x.com")).toEqual(["tlsroute/default/bad@default/front/l"]);
    expect(found.refused.get("tlsroute/default/bad@default/front/l")).toBe("The route's document has mistakes");
    expect(chosen(found, "b.x.com")).toEqual(["tlsroute/default/wide@default/front/l"]);
    expect(listenerOf(found, "front", "l").routes).toBe(1);
    expect(parentsOf(found, "TLSRoute", "bad")[0]).toMatchObject({ Accepted: "False/UnsupportedValue" });
    expect(found.said).toEqual([]);
  });
});

describe("clients whom no route takes", () => {
  test("of a TCP listener without routes are refused", async () => {
    const found = await translateManifests(gateway("front", [tcp("a", 5432)]));
    expect(listenerOf(found, "front", "a")).toMatchObject({
      Accepted: "True/Accepted",
      Programmed: "True/Programmed",
      routes: 0,
    });
    expect(found.compiled.plan.routes).toMatchObject([
      {
        name: "listener/default/front/a",
        refused: { weight: 1, reason: "no-route", detail: 'No route of listener "default/front/a" takes this client' },
      },
    ]);
  });

  test("of a TLS listener are refused, and do not fall to a wider one", async () => {
    const text = gateway("front", [tls("wide", 443), tls("close", 443, "*.x.com")]) + service("db");
    const found = await translateManifests(text + tlsRoute("r", ["front"], ["*.com", "a.x.com"]));
    expect(chosen(found, "a.x.com")).toEqual(["tlsroute/default/r@default/front/close"]);
    expect(chosen(found, "b.y.com")).toEqual(["tlsroute/default/r@default/front/wide"]);
    expect(chosen(found, "a.org")).toEqual(["listener/default/front/wide"]);
    const isolated = await translateManifests(
      text + tlsRoute("r", [{ name: "front", sectionName: "wide" }], ["*.com"]),
    );
    expect(chosen(isolated, "a.x.com")).toEqual(["listener/default/front/close"]);
    expect(chosen(isolated, "b.y.com")).toEqual(["tlsroute/default/r@default/front/wide"]);
  });
});

const parents = (name: string) => [
  { name: "front", namespace: "a" },
  { kind: "ListenerSet", namespace: "a", name },
];

const set = (name: string) =>
  manifest("gateway.networking.k8s.io/v1", "ListenerSet", `a/${name}`, {
    spec: { parentRef: { name: "front" }, listeners: [tls("l", 443, `${name}.x.com`)] },
  });

test("names of routes are all different", async () => {
  const all = { allowedListeners: { namespaces: { from: "All" } } };
  const text =
    gateway("a/front", [tls("l", 443)], all) +
    gateway("listenerset/a", [tls("l", 444)]) +
    ["front", "s"].map(set).join("") +
    ["a/r", "b/r"].map((name) => tlsRoute(name, parents("front"), ["*.com"])).join("");
  const found = await translateManifests(text);
  const names = found.routes.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(found.compiled.diagnostics).toEqual([]);
});

test("a broken TCPRoute keeps its listener from a younger one: its clients do not get another backend", async () => {
  const broken = tcpRoute("older", ["edge"], [{ name: "db", port: 5432, weight: -1 }], { day: 1 });
  const text =
    gateway("edge", [tcp("l", 1001)]) + broken + tcpRoute("younger", ["edge"], ["db"], { day: 2 }) + service("db");
  const { routes, status } = await translateManifests(text, { mayBreak: true });
  expect(routes.map(({ name, pools, refused }) => [name, pools.length, refused?.detail])).toEqual([
    ["tcproute/default/older@default/edge/l", 0, "The route's document has mistakes"],
  ]);
  expect(JSON.stringify(status("TCPRoute", "older"))).toContain("UnsupportedValue");
});
