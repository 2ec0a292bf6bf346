// What a document with mistakes would have kept from others stays kept from them: its clients, its port, its Service, its labels.

import { describe, expect, test } from "bun:test";
import { chooseRoutes } from "../../support/choose-route.ts";
import {
  gateway,
  listenerOf,
  listenerSet,
  manifest,
  parentsOf,
  service,
  slice,
  tcp,
  tcpRoute,
  terminating,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { type Translated, translateManifests } from "../../support/translate-manifests.ts";

const DB = service("db");
const BREAK = { unknown: 1 };
const broken = (text: string): Promise<Translated> => translateManifests(text, { mayBreak: true });

/** The route that a TLS client of the only port gets, and where its pools are. */
function chosen({ compiled: { plan } }: Translated, name: string) {
  const [listener, ...others] = plan.listeners;
  if (listener === undefined || others.length > 0) throw new Error(`${plan.listeners.length} listeners`);
  const [route] = chooseRoutes(listener, { address: "127.0.0.1", tls: { name } });
  return [route, plan.routes.find((each) => each.name === route)?.pools.length];
}

function home(labels: object): string {
  return `---\n${JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels } })}\n`;
}

describe("with mistakes", () => {
  test("the oldest TCPRoute leaves its clients to no other one", async () => {
    const front = gateway("front", [tcp("a", 5432)]) + DB;
    const bad = tcpRoute("old", ["front"], [{ name: "db", port: 0 }], { day: 1 });
    const found = await broken(front + bad + tcpRoute("young", ["front"], ["db"], { day: 2 }));
    expect(found.compiled.plan.routes.map(({ name, pools }) => [name, pools.length])).toEqual([
      ["tcproute/default/old@default/front/a", 0],
    ]);
    expect(parentsOf(found, "TCPRoute", "old")[0]).toMatchObject({ Accepted: "False/UnsupportedValue" });
    expect(listenerOf(found, "front", "a")).toMatchObject({ routes: 1 });
  });

  test.each<[string, object]>([
    ["its names in upper case", { hostnames: ["DB.x.com"] }],
    ["a dot after its name", { hostnames: ["db.x.com."] }],
    ["a slip in its parentRef", { parentRefs: [{ name: "front", sectionname: "wide" }] }],
    ["another one in it", { parentRefs: [{ name: "front", sectionName: 7, port: "443" }] }],
  ])("a TLSRoute with %s leaves its clients to no wider one", async (_what, rest) => {
    const wide = gateway("front", [tls("wide", 443)]) + tlsRoute("r", ["front"], ["*.x.com"]) + DB;
    const spec = {
      parentRefs: [{ name: "front" }],
      hostnames: ["db.x.com"],
      rules: [{ backendRefs: [{ name: "db", port: 5432 }] }],
      ...rest,
    };
    const found = await broken(wide + manifest("gateway.networking.k8s.io/v1", "TLSRoute", "bad", { spec }));
    expect(chosen(found, "a.x.com")).toEqual(["tlsroute/default/r@default/front/wide", 1]);
    expect(chosen(found, "db.x.com")).toEqual(["tlsroute/default/bad@default/front/wide", 0]);
  });

  test("a ListenerSet leaves its clients to no listener that means more names", async () => {
    const allowed = { allowedListeners: { namespaces: { from: "Same" } } };
    const wide = gateway("front", [tls("wide", 443, "*.x.com")], allowed) + tlsRoute("r", ["front"], ["*.x.com"]);
    const found = await broken(
      wide + DB + listenerSet("set", "front", [tls("db", 443, "db.x.com"), tls("b", 443, "b.x.com", BREAK)]),
    );
    expect(chosen(found, "a.x.com")).toEqual(["tlsroute/default/r@default/front/wide", 1]);
    expect(chosen(found, "db.x.com")).toEqual(["listener/listenerset/default/set/db", 0]);
    expect(chosen(found, "b.x.com")).toEqual(["listener/listenerset/default/set/b", 0]);
    expect(listenerOf(found, "set", "db")).toMatchObject({ Accepted: "False/Invalid" });
  });

  test("a Gateway leaves its clients to no other one", async () => {
    const wide = gateway("wide", [tls("l", 443)]) + tlsRoute("r", ["wide"], ["*.x.com"]) + DB;
    const narrow = gateway("narrow", [tls("l", 443, "db.x.com")], { tls: { frontend: {} } });
    const found = await broken(wide + narrow);
    expect(chosen(found, "a.x.com")).toEqual(["tlsroute/default/r@default/wide/l", 1]);
    expect(chosen(found, "db.x.com")).toEqual(["listener/default/narrow/l", 0]);
  });

  test("an EndpointSlice leaves its Service to no look-up by name", async () => {
    const front = gateway("front", [tcp("a", 5432)]) + DB + tcpRoute("r", ["front"]);
    for (const endpoints of [
      slice("s", "db", { endpoints: [{ addresses: ["nowhere"] }] }),
      manifest("v1", "Endpoints", "db", { subsets: [{ addresses: [{ ip: "nowhere" }] }] }),
    ]) {
      const found = await broken(front + endpoints);
      expect(found.compiled.plan.pools).toEqual([]);
      expect([...found.refused.values()]).toEqual(['No endpoint of port 5432 of Service "default/db" is ready']);
    }
  });

  test("a Namespace is selected by no label that it may have", async () => {
    const without = { matchExpressions: [{ key: "locked", operator: "DoesNotExist" }] };
    const from = { allowedRoutes: { namespaces: { from: "Selector", selector: without } } };
    const front = gateway("front", [tcp("a", 5432, from)]);
    const route = service("shop/db") + tcpRoute("shop/r", ["default/front"]);
    const listener = async (text: string) => listenerOf(await broken(front + route + text), "front", "a");
    expect(await listener("")).toMatchObject({ routes: 1 });
    expect(await listener(home({}))).toMatchObject({ routes: 1 });
    expect(await listener(home({ locked: "yes" }))).toMatchObject({ routes: 0 });
    expect(await listener(home({ locked: true }))).toMatchObject({ routes: 0 });
  });
});

test("a Gateway with mistakes keeps its port from the next one", async () => {
  const front = gateway("a", [tcp("l", 5432)], { tls: { frontend: {} } }, { day: 1 });
  const next = gateway("b", [tcp("l", 5432)], {}, { day: 2 }) + tcpRoute("r", ["b"]) + DB;
  const found = await broken(front + next);
  expect(listenerOf(found, "a", "l")).toMatchObject({ Accepted: "False/Invalid" });
  expect(listenerOf(found, "b", "l")).toMatchObject({ Programmed: "False/PortUnavailable" });
  expect(found.compiled.plan.pools).toEqual([]);
});

test("a listener without a certificate keeps its port from a TCP listener of the next Gateway", async () => {
  const front = gateway("a", [terminating("l", 5432, undefined, "gone")], {}, { day: 1 });
  const found = await broken(front + gateway("b", [tcp("l", 5432)], {}, { day: 2 }) + tcpRoute("r", ["b"]) + DB);
  expect(listenerOf(found, "a", "l")).toMatchObject({ Programmed: "False/Invalid" });
  expect(listenerOf(found, "b", "l")).toMatchObject({ Programmed: "False/PortUnavailable" });
  expect(found.compiled.plan.pools).toEqual([]);
});

test("a Gateway that is not accepted leaves its names to no other one, and listens nowhere itself", async () => {
  const wide = gateway("wide", [tls("l", 443)]) + tlsRoute("r", ["wide"], ["*.x.com"]) + DB;
  const parametersRef = { group: "", kind: "ConfigMap", name: "p" };
  const narrow = gateway("narrow", [tls("l", 443, "db.x.com")], { infrastructure: { parametersRef } });
  const before = await translateManifests(wide + gateway("narrow", [tls("l", 443, "db.x.com")]));
  for (const options of [{}, { previous: before.compiled.plan }]) {
    const found = await translateManifests(wide + narrow, options);
    expect(chosen(found, "a.x.com")).toEqual(["tlsroute/default/r@default/wide/l", 1]);
    expect(chosen(found, "db.x.com")).toEqual(["listener/default/narrow/l", 0]);
    expect(listenerOf(found, "wide", "l")).toMatchObject({ Programmed: "True/Programmed" });
  }
  expect((await translateManifests(narrow)).compiled.plan.listeners).toEqual([]);
});
