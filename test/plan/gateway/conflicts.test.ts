import { describe, expect, test } from "bun:test";
import {
  gateway,
  listenerOf,
  listenerSet,
  tcp,
  tcpRoute,
  terminating,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { type Translated, translateManifests } from "../../support/translate-manifests.ts";

const CLOSED = (reason: string) => ({
  Accepted: `False/${reason}`,
  Programmed: `False/${reason}`,
  Conflicted: `True/${reason}`,
});

async function listeners(...all: readonly Readonly<Record<string, unknown>>[]): Promise<Translated> {
  return translateManifests(gateway("front", all));
}

describe("listeners of one Gateway", () => {
  test("TCP and TLS on one port: nobody wins, and nothing is bound there", async () => {
    const found = await listeners(tcp("a", 5432), tls("b", 5432, "db.example.com"), tcp("c", 5433));
    for (const name of ["a", "b"]) expect(listenerOf(found, "front", name)).toMatchObject(CLOSED("ProtocolConflict"));
    expect(listenerOf(found, "front", "c")).toMatchObject({ Accepted: "True/Accepted", Programmed: "True/Programmed" });
    expect(listenerOf(found, "front", "c")).not.toHaveProperty("Conflicted");
    expect(found.compiled.plan.listeners.map(({ name }) => name)).toEqual(["*:5433"]);
    expect(found.said).toEqual(["2: gateway/protocol-conflict", "2: gateway/protocol-conflict"]);
  });

  test("one TCP listener leaves none of the others on its port", async () => {
    const found = await listeners(tls("a", 443, "a.example.com"), tls("b", 443, "b.example.com"), tcp("c", 443));
    for (const name of ["a", "b", "c"])
      expect(listenerOf(found, "front", name)).toMatchObject(CLOSED("ProtocolConflict"));
  });

  test("HTTP beside TLS is a conflict of protocols, and is not supported besides", async () => {
    const found = await listeners(tls("a", 443, "a.example.com"), tcp("b", 443, { protocol: "HTTP" }));
    for (const name of ["a", "b"]) expect(listenerOf(found, "front", name)).toMatchObject(CLOSED("ProtocolConflict"));
    expect(found.said.map((each) => each.slice(3)).toSorted()).toEqual([
      "gateway/protocol-conflict",
      "gateway/protocol-conflict",
      "gateway/unsupported-protocol",
    ]);
  });

  test("HTTPS and TLS with one name are in each other's way, and the name's clients get nobody", async () => {
    const https = { ...tls("b", 443, "a.example.com"), protocol: "HTTPS", tls: { certificateRefs: [{ name: "c" }] } };
    const found = await translateManifests(
      gateway("front", [tls("a", 443, "a.example.com"), https, tls("wide", 443, "*.example.com")]) +
        tlsRoute("r", ["front"], ["*.example.com", "a.example.com"]),
    );
    expect(listenerOf(found, "front", "a")).toMatchObject(CLOSED("HostnameConflict"));
    expect(listenerOf(found, "front", "wide")).toMatchObject({ Programmed: "True/Programmed" });
    expect(found.compiled.plan.routes.map(({ name, hostnames }) => [name, hostnames])).toEqual([
      ["listener/default/front/a", ["a.example.com"]],
      ["tlsroute/default/r@default/front/wide", ["*.example.com"]],
    ]);
    expect(found.refused.get("listener/default/front/a")).toContain('Listener "b" of Gateway "default/front"');
  });

  test("an HTTPS listener is not carried, and keeps its clients from a TLS listener that means more names", async () => {
    const https = { ...tls("a", 443, "a.example.com"), protocol: "HTTPS", tls: { certificateRefs: [{ name: "c" }] } };
    const found = await listeners(https, tls("wide", 443));
    expect(listenerOf(found, "front", "a")).toMatchObject({ Accepted: "False/UnsupportedProtocol", kinds: [] });
    expect(found.refused.get("listener/default/front/a")).toContain('Protocol "HTTPS" is not supported');
    expect((await listeners(https)).routes).toEqual([]);
  });

  test("TLS names that differ share a port, in both modes", async () => {
    const found = await listeners(tls("a", 443, "a.example.com"), tls("b", 443, "b.example.com"), tls("c", 443));
    for (const name of ["a", "b", "c"]) {
      expect(listenerOf(found, "front", name)).toMatchObject({
        Accepted: "True/Accepted",
        Programmed: "True/Programmed",
      });
    }
    expect(found.compiled.plan.listeners.map(({ name }) => name)).toEqual(["*:443"]);
    expect(found.said).toEqual([]);
  });

  test("names of listeners that end TLS and overlap are told of, on both, and nothing is wrong", async () => {
    const found = await listeners(
      terminating("a", 443, "a.example.com", "gone"),
      terminating("b", 443, "*.example.com", "gone"),
      terminating("c", 443, "*.example.org", "gone"),
      tls("d", 443, "b.example.org"),
      terminating("e", 444, undefined, "gone"),
    );
    const overlap = { OverlappingTLSConfig: "True/OverlappingHostnames" };
    for (const name of ["a", "b"]) expect(listenerOf(found, "front", name)).toMatchObject(overlap);
    for (const name of ["c", "d", "e"])
      expect(listenerOf(found, "front", name)).not.toHaveProperty("OverlappingTLSConfig");
    expect(found.said.filter((each) => each.includes("overlap"))).toEqual([]);
  });

  test("a listener for every name overlaps with all", async () => {
    const found = await listeners(terminating("a", 443, "a.x.com", "gone"), terminating("b", 443, undefined, "gone"));
    for (const name of ["a", "b"]) expect(listenerOf(found, "front", name)).toHaveProperty("OverlappingTLSConfig");
  });

  test("UDP has ports of its own", async () => {
    const found = await listeners(tcp("a", 53), tcp("b", 53, { protocol: "UDP" }));
    expect(listenerOf(found, "front", "a")).toMatchObject({ Programmed: "True/Programmed" });
    expect(listenerOf(found, "front", "b")).toMatchObject({ Accepted: "False/UnsupportedProtocol", kinds: [] });
    expect(listenerOf(found, "front", "b")).not.toHaveProperty("Conflicted");
  });

  for (const protocol of ["INVALID", "example.com/quic", "constructor", "valueOf"]) {
    test(`protocol ${protocol} is not supported, and takes no routes`, async () => {
      const found = await listeners(tcp("a", 1111, { protocol }), tcp("b", 5432));
      expect(listenerOf(found, "front", "a")).toMatchObject({
        Accepted: "False/UnsupportedProtocol",
        kinds: [],
        routes: 0,
      });
      expect(found.compiled.plan.listeners.map(({ name }) => name)).toEqual(["*:5432"]);
    });
  }
});

describe("listeners of ListenerSets", () => {
  const all = { allowedListeners: { namespaces: { from: "All" } } };

  test("give way to the Gateway's, which is not in conflict then", async () => {
    const text =
      gateway("front", [tcp("a", 5432)], all) + listenerSet("set", "front", [tcp("b", 5432), tcp("c", 5433)]);
    const found = await translateManifests(text);
    expect(listenerOf(found, "front", "a")).not.toHaveProperty("Conflicted");
    expect(listenerOf(found, "set", "b")).toMatchObject(CLOSED("ProtocolConflict"));
    expect(listenerOf(found, "set", "c")).toMatchObject({ Accepted: "True/Accepted" });
    expect(found.said).toEqual(["4: listenerset/protocol-conflict"]);
  });

  test("give way to an older set's, whatever order they are written in", async () => {
    const text =
      gateway("front", [tcp("a", 1)], all) +
      listenerSet("young", "front", [tls("x", 443, "a.example.com")], { day: 3 }) +
      listenerSet("old", "front", [tls("x", 443, "a.example.com")], { day: 2 });
    const found = await translateManifests(text);
    expect(listenerOf(found, "old", "x")).not.toHaveProperty("Conflicted");
    expect(listenerOf(found, "young", "x")).toMatchObject(CLOSED("HostnameConflict"));
  });

  test("of one age give way by namespace and name", async () => {
    const text =
      gateway("front", [tcp("a", 1)], all) +
      listenerSet("b/set", "default/front", [tcp("x", 5432)]) +
      listenerSet("a/other", "default/front", [tcp("x", 5432)]);
    const found = await translateManifests(text);
    expect(listenerOf(found, "other", "x")).not.toHaveProperty("Conflicted");
    expect(listenerOf(found, "set", "x")).toMatchObject(CLOSED("ProtocolConflict"));
  });

  test("do not get what two of the Gateway's own have lost", async () => {
    const text =
      gateway("front", [tcp("a", 443), tls("b", 443, "x.example.com")], all) +
      listenerSet("set", "front", [tcp("c", 443)]) +
      tcpRoute("r", [{ kind: "ListenerSet", name: "set" }]);
    const found = await translateManifests(text);
    expect(listenerOf(found, "set", "c")).toMatchObject(CLOSED("ProtocolConflict"));
    expect(found.routes).toEqual([]);
  });

  test("a loser is in nobody's way", async () => {
    const text =
      gateway("front", [tls("a", 443, "a.example.com")], all) +
      listenerSet("one", "front", [tcp("x", 443)], { day: 1 }) +
      listenerSet("two", "front", [tls("y", 443, "y.example.com")], { day: 2 });
    const found = await translateManifests(text);
    expect(listenerOf(found, "one", "x")).toMatchObject(CLOSED("ProtocolConflict"));
    expect(listenerOf(found, "two", "y")).toMatchObject({ Accepted: "True/Accepted" });
  });

  test("thousands of them on one port are judged at once", async () => {
    const sets = Array.from({ length: 60 }, (_, set) =>
      listenerSet(
        `s${set}`,
        "front",
        Array.from({ length: 64 }, (_, at) => tls(`l${at}`, 443, `b${at}.s${set}.example.com`)),
      ),
    );
    const found = await translateManifests(gateway("front", [tls("a", 443, "*.example.com")], all) + sets.join(""));
    expect(found.compiled.plan.listeners.map(({ entries }) => entries.length)).toEqual([60 * 64 + 1]);
  });
});
