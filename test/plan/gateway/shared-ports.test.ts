// Two Gateways that want the same port: the older one has it, and what runs keeps it.

import { describe, expect, test } from "bun:test";
import { chooseRoutes } from "../../support/choose-route.ts";
import {
  conditionsOf,
  gateway,
  listenerOf,
  parentsOf,
  service,
  tcp,
  tcpRoute,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { type Translated, translateManifests } from "../../support/translate-manifests.ts";

const UNAVAILABLE = { Accepted: "False/PortUnavailable", Programmed: "False/PortUnavailable" };
const THERE = { Accepted: "True/Accepted", Programmed: "True/Programmed" };
const DB = service("db");

function messageOf(found: Translated, owner: string): string {
  const status = found.status("Gateway", owner);
  const [listener] = "listeners" in status ? (status.listeners ?? []) : [];
  return listener?.conditions.find(({ type }) => type === "Accepted")?.message ?? "";
}

const at = (address: string | undefined) => (address === undefined ? {} : { addresses: [{ value: address }] });

describe("two Gateways with TCP on one port", () => {
  const old = gateway("z-old", [tcp("a", 5432)], {}, { day: 1 });
  const young = gateway("a-young", [tcp("b", 5432)], {}, { day: 2 });

  test("the older one has it, and the other one is told who", async () => {
    const found = await translateManifests(young + old + DB + tcpRoute("r", ["z-old"]) + tcpRoute("s", ["a-young"]));
    expect(listenerOf(found, "z-old", "a")).toMatchObject(THERE);
    expect(listenerOf(found, "a-young", "b")).toMatchObject({ ...UNAVAILABLE, routes: 1 });
    expect(conditionsOf(found, "Gateway", "a-young")).toMatchObject({
      Accepted: "False/ListenersNotValid",
      Programmed: "False/Invalid",
    });
    expect(messageOf(found, "a-young")).toContain(
      'Cannot listen on *:5432: route "tcproute/default/r@default/z-old/a"',
    );
    expect(found.compiled.plan.routes.map(({ name }) => name)).toEqual(["tcproute/default/r@default/z-old/a"]);
    expect(found.compiled.diagnostics.map(({ severity }) => severity)).toEqual(["warning"]);
  });

  test("without routes it is the same", async () => {
    const found = await translateManifests(young + old);
    expect(messageOf(found, "a-young")).toContain('route "listener/default/z-old/a"');
  });

  test("the younger one keeps what it has while it runs", async () => {
    const routes = DB + tcpRoute("s", ["a-young"]);
    const before = await translateManifests(young + routes);
    const found = await translateManifests(young + routes + old, { previous: before.compiled.plan });
    expect(listenerOf(found, "a-young", "b")).toMatchObject(THERE);
    expect(listenerOf(found, "z-old", "a")).toMatchObject(UNAVAILABLE);
    expect(messageOf(found, "z-old")).toContain("a-young");
  });

  test("and keeps it when its route is another one, or gone", async () => {
    const first = await translateManifests(young + DB + tcpRoute("s", ["a-young"]));
    const both = await translateManifests(young + old + DB + tcpRoute("s", ["a-young"]), {
      previous: first.compiled.plan,
    });
    for (const routes of [tcpRoute("other", ["a-young"]), ""]) {
      const found = await translateManifests(young + old + DB + routes, { previous: both.compiled.plan });
      expect(listenerOf(found, "a-young", "b")).toMatchObject(THERE);
      expect(listenerOf(found, "z-old", "a")).toMatchObject(UNAVAILABLE);
    }
  });

  for (const [name, one, two] of [
    ["an address against all", "127.0.0.1", undefined],
    ["all against an address", undefined, "127.0.0.1"],
  ] as const) {
    test(`${name}: the older one has it`, async () => {
      const text =
        gateway("one", [tcp("a", 5432)], at(one), { day: 1 }) + gateway("two", [tcp("a", 5432)], at(two), { day: 2 });
      const found = await translateManifests(text);
      expect(listenerOf(found, "one", "a")).toMatchObject(THERE);
      expect(listenerOf(found, "two", "a")).toMatchObject(UNAVAILABLE);
      expect(messageOf(found, "two")).toContain("default/one/a");
    });
  }

  test("addresses that differ are no conflict", async () => {
    const found = await translateManifests(
      gateway("one", [tcp("a", 5432)], at("127.0.0.1")) + gateway("two", [tcp("a", 5432)], at("127.0.0.2")),
    );
    for (const name of ["one", "two"]) expect(listenerOf(found, name, "a")).toMatchObject(THERE);
  });
});

const tlsFront = (name: string, hostname: string | undefined, day: number) =>
  gateway(name, [tls("l", 443, hostname)], {}, { day });

describe("two Gateways with TLS on one port", () => {
  test("share it when their names differ", async () => {
    const routes = tlsRoute("r", ["one"], ["a.x.com"]) + tlsRoute("s", ["two"], ["b.x.com"]);
    const found = await translateManifests(tlsFront("one", "a.x.com", 1) + tlsFront("two", "b.x.com", 2) + DB + routes);
    for (const name of ["one", "two"]) expect(listenerOf(found, name, "l")).toMatchObject(THERE);
    expect(found.compiled.diagnostics).toEqual([]);
    expect(found.compiled.plan.listeners).toHaveLength(1);
  });

  for (const hostname of ["a.x.com", "*.x.com", undefined]) {
    test(`and one name (${hostname ?? "every one"}): the older one has it`, async () => {
      const found = await translateManifests(tlsFront("one", hostname, 1) + tlsFront("two", hostname, 2));
      expect(listenerOf(found, "one", "l")).toMatchObject(THERE);
      expect(listenerOf(found, "two", "l")).toMatchObject(UNAVAILABLE);
      expect(messageOf(found, "two")).toContain("default/one/l");
    });
  }

  test("a route whose name the other Gateway has is told so, and its other names are refused", async () => {
    const routes =
      tlsRoute("r", ["one"], ["a.x.com"], ["db"], { day: 1 }) +
      tlsRoute("s", ["two"], ["a.x.com", "b.x.com"], ["db"], { day: 2 });
    const found = await translateManifests(tlsFront("one", "a.x.com", 1) + tlsFront("two", undefined, 2) + DB + routes);
    expect(listenerOf(found, "two", "l")).toMatchObject(THERE);
    expect(parentsOf(found, "TLSRoute", "s")[0]).toMatchObject({ "sallyport.dev/Serving": "False/Conflicted" });
    const [listener] = found.compiled.plan.listeners;
    if (listener === undefined) throw new Error("Nobody listens");
    const choose = (name: string) => chooseRoutes(listener, { address: "127.0.0.1", tls: { name } });
    expect(choose("a.x.com")).toEqual(["tlsroute/default/r@default/one/l"]);
    expect(choose("b.x.com")).toEqual(["tlsroute/default/s@default/two/l"]);
    expect(found.compiled.plan.routes.find(({ name }) => name.includes("/s@"))).toMatchObject({ pools: [] });
  });

  test("TCP of one against TLS of the other: the older one has it, and is not made to wait for a first byte", async () => {
    const text = gateway("one", [tcp("l", 443)], {}, { day: 1 }) + gateway("two", [tls("l", 443)], {}, { day: 2 });
    const found = await translateManifests(text);
    const [listener] = found.compiled.plan.listeners;
    expect(listener?.entries.map(({ route }) => route)).toEqual(["listener/default/one/l"]);
    expect(listener).not.toHaveProperty("hello");
    expect(listenerOf(found, "two", "l")).toMatchObject(UNAVAILABLE);
    expect(messageOf(found, "two")).toContain("Cannot listen on *:443: route");
  });

  test("TLS of one against TCP of the other: the same", async () => {
    const text = gateway("one", [tls("l", 443)], {}, { day: 1 }) + gateway("two", [tcp("l", 443)], {}, { day: 2 });
    const found = await translateManifests(text);
    expect(found.compiled.plan.listeners[0]?.entries.map(({ route }) => route)).toEqual(["listener/default/one/l"]);
    expect(messageOf(found, "two")).toContain("Cannot listen on *:443: route");
  });
});
