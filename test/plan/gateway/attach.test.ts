import { describe, expect, test } from "bun:test";
import {
  conditionsOf,
  gateway,
  listenerOf,
  listenerSet,
  manifest,
  parentsOf,
  service,
  tcp,
  tcpRoute,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

const ACCEPTED = "True/Accepted";
const PORTS = gateway("front", [tcp("a", 1001), tcp("b", 1002), tcp("c", 1003)]);

/** What becomes of a TCPRoute with this parentRef, and which listeners count it. */
async function attach(text: string, parentRef: object): Promise<readonly [string | undefined, string]> {
  const found = await translateManifests(text + tcpRoute("r", [{ name: "front", ...parentRef }]));
  const [parent] = parentsOf(found, "TCPRoute", "r");
  const status = found.status("Gateway", "front");
  const counted = "listeners" in status ? status.listeners?.filter(({ attachedRoutes }) => attachedRoutes === 1) : [];
  return [parent?.["Accepted"], (counted ?? []).map(({ name }) => name).join()];
}

describe("a parentRef", () => {
  const table: readonly [string, object, string, string][] = [
    ["with neither name nor port means all listeners", {}, ACCEPTED, "a,b,c"],
    ["with a sectionName means that one", { sectionName: "b" }, ACCEPTED, "b"],
    ["with a port means those that have it", { port: 1003 }, ACCEPTED, "c"],
    ["with both wants both", { sectionName: "a", port: 1001 }, ACCEPTED, "a"],
    [
      "with both that are not of one listener means none",
      { sectionName: "a", port: 1002 },
      "False/NoMatchingParent",
      "",
    ],
    ["with a sectionName that there is not means none", { sectionName: "x" }, "False/NoMatchingParent", ""],
    ["with a port that there is not means none", { port: 9 }, "False/NoMatchingParent", ""],
  ];
  for (const [name, parentRef, accepted, counted] of table) {
    test(name, async () => expect(await attach(PORTS, parentRef)).toEqual([accepted, counted]));
  }

  test("to a Gateway that is not there has no status, and is told of", async () => {
    const found = await translateManifests(tcpRoute("r", ["nowhere"]));
    expect(parentsOf(found, "TCPRoute", "r")).toEqual([]);
    expect(found.messages).toEqual([
      '2: tcproute/no-parent: Gateway "default/nowhere" is not there, or has mistakes: the route has no effect',
    ]);
  });

  test("to a Gateway of another class, or to something that has no listeners, says so", async () => {
    const mesh = { group: "example.com", kind: "Mesh", name: "m" };
    const text = gateway("theirs", [tcp("a", 1)], { gatewayClassName: "nginx" });
    const found = await translateManifests(text + tcpRoute("r", ["theirs"]) + tcpRoute("s", [mesh]));
    expect(found.messages.slice(1)).toEqual([
      '4: tcproute/no-parent: Gateway "default/theirs" does not belong to this gateway: the route has no effect',
      "6: tcproute/no-parent: A parent of kind Mesh is not supported: the route has no effect",
    ]);
  });

  test("to something of another group has none either", async () => {
    const found = await translateManifests(PORTS + tcpRoute("r", [{ group: "", kind: "Service", name: "front" }]));
    expect(parentsOf(found, "TCPRoute", "r")).toEqual([]);
  });

  test("is shown with its defaults filled in", async () => {
    const found = await translateManifests(PORTS + tcpRoute("r", [{ name: "front", sectionName: "a" }]));
    expect(found.status("TCPRoute", "r")).toMatchObject({
      parents: [
        {
          parentRef: { group: "gateway.networking.k8s.io", kind: "Gateway", name: "front", sectionName: "a" },
          controllerName: "sallyport.dev/gateway-controller",
        },
      ],
    });
  });

  test("beside another one has a status of its own", async () => {
    const found = await translateManifests(
      PORTS +
        service("db") +
        tcpRoute("r", [
          { name: "front", sectionName: "a" },
          { name: "front", sectionName: "x" },
        ]),
    );
    expect(parentsOf(found, "TCPRoute", "r").map((each) => each["Accepted"])).toEqual([
      ACCEPTED,
      "False/NoMatchingParent",
    ]);
    expect(found.messages).toEqual([
      '6: tcproute/no-matching-parent: Gateway "default/front" has no listener that is called "x"',
    ]);
  });

  test("that leads to a listener by another way counts once", async () => {
    const refs = [
      { name: "front", sectionName: "a" },
      { name: "front", port: 1001, sectionName: "a" },
    ];
    const found = await translateManifests(PORTS + tcpRoute("r", refs), { mayBreak: true });
    expect(listenerOf(found, "front", "a").routes).toBeLessThan(2);
  });
});

const selector = (value: object) => ({ from: "Selector", selector: value });

const kinds = (...all: readonly (string | object)[]) => ({
  allowedRoutes: { kinds: all.map((each) => (typeof each === "string" ? { kind: each } : each)) },
});

describe("allowedRoutes", () => {
  const PROD = manifest("v1", "Namespace", "prod", {}, { labels: { env: "prod", tier: "db" } });
  const table: readonly [string, object, string, boolean][] = [
    ["Same takes a route of the Gateway's namespace", { from: "Same" }, "default", true],
    ["Same takes no other", { from: "Same" }, "prod", false],
    ["without a word it is Same", {}, "prod", false],
    ["All takes every namespace", { from: "All" }, "prod", true],
    ["a label that is there", selector({ matchLabels: { env: "prod" } }), "prod", true],
    ["a label with another value", selector({ matchLabels: { env: "test" } }), "prod", false],
    ["all labels have to be there", selector({ matchLabels: { env: "prod", zone: "a" } }), "prod", false],
    [
      "a namespace's name is a label that nobody writes",
      selector({ matchLabels: { "kubernetes.io/metadata.name": "free" } }),
      "free",
      true,
    ],
    ["In", selector({ matchExpressions: [{ key: "env", operator: "In", values: ["prod", "test"] }] }), "prod", true],
    [
      "In without the label",
      selector({ matchExpressions: [{ key: "env", operator: "In", values: ["prod"] }] }),
      "free",
      false,
    ],
    ["NotIn", selector({ matchExpressions: [{ key: "env", operator: "NotIn", values: ["prod"] }] }), "prod", false],
    [
      "NotIn without the label",
      selector({ matchExpressions: [{ key: "env", operator: "NotIn", values: ["prod"] }] }),
      "free",
      true,
    ],
    ["Exists", selector({ matchExpressions: [{ key: "tier", operator: "Exists" }] }), "prod", true],
    [
      "Exists of a word that every object knows",
      selector({ matchExpressions: [{ key: "constructor", operator: "Exists" }] }),
      "prod",
      false,
    ],
    ["DoesNotExist", selector({ matchExpressions: [{ key: "tier", operator: "DoesNotExist" }] }), "prod", false],
    ["an empty selector takes everybody", selector({}), "free", true],
    ["Selector without a selector takes nobody", { from: "Selector" }, "default", false],
  ];
  for (const [name, namespaces, home, allowed] of table) {
    test(name, async () => {
      const text = gateway("front", [tcp("a", 1001, { allowedRoutes: { namespaces } })]) + PROD;
      const found = await translateManifests(text + tcpRoute(`${home}/r`, ["default/front"]));
      expect(parentsOf(found, "TCPRoute", "r")[0]?.["Accepted"]).toBe(
        allowed ? ACCEPTED : "False/NotAllowedByListeners",
      );
      expect(listenerOf(found, "front", "a").routes).toBe(allowed ? 1 : 0);
    });
  }

  const byKind: readonly [string, Readonly<Record<string, unknown>>, readonly string[], string][] = [
    ["none are those of the protocol", tcp("a", 1), ["TCPRoute"], "True/ResolvedRefs"],
    ["none for TLS", tls("a", 1), ["TLSRoute"], "True/ResolvedRefs"],
    ["the protocol's own", tcp("a", 1, kinds("TCPRoute")), ["TCPRoute"], "True/ResolvedRefs"],
    ["another one", tcp("a", 1, kinds("HTTPRoute")), [], "False/InvalidRouteKinds"],
    [
      "another one beside it",
      tls("a", 1, undefined, kinds("TCPRoute", "TLSRoute")),
      ["TLSRoute"],
      "False/InvalidRouteKinds",
    ],
    [
      "the same word of another group",
      tcp("a", 1, kinds({ group: "example.com", kind: "TCPRoute" })),
      [],
      "False/InvalidRouteKinds",
    ],
  ];
  for (const [name, listener, supported, resolved] of byKind) {
    test(`kinds: ${name}`, async () => {
      const found = await translateManifests(gateway("front", [listener]));
      expect(listenerOf(found, "front", "a")).toMatchObject({ kinds: supported, ResolvedRefs: resolved });
    });
  }

  test("a listener whose kinds are all wrong takes nobody", async () => {
    const found = await translateManifests(
      gateway("front", [tcp("a", 1, kinds("HTTPRoute"))]) + tcpRoute("r", ["front"]),
    );
    expect(parentsOf(found, "TCPRoute", "r")[0]).toMatchObject({ Accepted: "False/NotAllowedByListeners" });
  });
});

describe("kinds of routes", () => {
  test("a TCPRoute does not attach to TLS, nor a TLSRoute to TCP", async () => {
    const text = gateway("front", [tls("a", 443), tcp("b", 5432)]);
    const routes =
      tcpRoute("r", [{ name: "front", sectionName: "a" }]) +
      tlsRoute("s", [{ name: "front", sectionName: "b" }], ["x.com"]);
    const found = await translateManifests(text + routes);
    expect(parentsOf(found, "TCPRoute", "r")[0]).toMatchObject({ Accepted: "False/NotAllowedByListeners" });
    expect(parentsOf(found, "TLSRoute", "s")[0]).toMatchObject({ Accepted: "False/NotAllowedByListeners" });
    for (const name of ["a", "b"]) expect(listenerOf(found, "front", name).routes).toBe(0);
  });

  const foreign: readonly [string, object, string, (kind: string) => string][] = [
    [
      "no listener takes it",
      {},
      "False/NotAllowedByListeners",
      (kind) => `Routes of kind ${kind} are not supported: wanted is TCPRoute or TLSRoute`,
    ],
    [
      "no listener has the name",
      { sectionName: "x" },
      "False/NoMatchingParent",
      () => 'Gateway "default/front" has no listener that is called "x"',
    ],
    [
      "no listener has the port",
      { port: 9 },
      "False/NoMatchingParent",
      () => 'Gateway "default/front" has no listener that has port 9',
    ],
  ];
  for (const kind of ["UDPRoute", "HTTPRoute", "GRPCRoute"] as const) {
    for (const [name, parentRef, accepted, message] of foreign) {
      test(`a ${kind} is told that ${name}`, async () => {
        const rules = [{ backendRefs: [{ name: "db", port: 53 }] }];
        const spec = { parentRefs: [{ name: "front", ...parentRef }], rules };
        const version = "gateway.networking.k8s.io/v1";
        const text = gateway("front", [
          tcp("a", 53, { protocol: "UDP" }),
          tcp("b", 80, { protocol: "HTTP" }),
          tcp("c", 1),
        ]);
        const found = await translateManifests(text + manifest(version, kind, "r", { spec }));
        expect(parentsOf(found, kind, "r")).toEqual([{ Accepted: accepted }]);
        expect(found.messages.at(-1)).toEndWith(message(kind));
        for (const listener of ["a", "b", "c"]) expect(listenerOf(found, "front", listener).routes).toBe(0);
      });
    }
  }

  test("a route counts although its listener cannot be used", async () => {
    const text = gateway("front", [tls("a", 443, "a.example.com", { tls: { certificateRefs: [{ name: "gone" }] } })]);
    const found = await translateManifests(text + tlsRoute("r", ["front"], ["a.example.com"]));
    expect(parentsOf(found, "TLSRoute", "r")[0]).toMatchObject({ Accepted: ACCEPTED });
    expect(listenerOf(found, "front", "a")).toMatchObject({ Programmed: "False/Invalid", routes: 1 });
  });
});

const allowing = (from: string | undefined, rest: object = {}) =>
  gateway(
    "front",
    [tcp("own", 1001)],
    from === undefined ? {} : { allowedListeners: { namespaces: { from, ...rest } } },
  );

const set = (name: string) => listenerSet(name, "default/front", [tcp("x", 1002)]);

describe("ListenerSets", () => {
  const PROD = manifest("v1", "Namespace", "prod", {}, { labels: { env: "prod" } });
  const table: readonly [string, string, string, boolean][] = [
    ["are not allowed without a word", allowing(undefined), "default/set", false],
    ["are not allowed by None", allowing("None"), "default/set", false],
    ["of the same namespace are allowed by Same", allowing("Same"), "default/set", true],
    ["of another namespace are not allowed by Same", allowing("Same"), "prod/set", false],
    ["of every namespace are allowed by All", allowing("All"), "prod/set", true],
    [
      "are allowed by the labels of their namespace",
      allowing("Selector", { selector: { matchLabels: { env: "prod" } } }),
      "prod/set",
      true,
    ],
    [
      "are not allowed by labels that it has not",
      allowing("Selector", { selector: { matchLabels: { env: "prod" } } }),
      "free/set",
      false,
    ],
  ];
  for (const [name, text, fullName, allowed] of table) {
    test(name, async () => {
      const found = await translateManifests(text + set(fullName) + PROD);
      expect(conditionsOf(found, "ListenerSet", "set")).toEqual(
        allowed
          ? { Accepted: ACCEPTED, Programmed: "True/Programmed" }
          : { Accepted: "False/NotAllowed", Programmed: "False/NotAllowed" },
      );
      const status = found.status("Gateway", "front");
      expect("attachedListenerSets" in status ? status.attachedListenerSets : 0).toBe(allowed ? 1 : 0);
      expect(found.compiled.plan.listeners.map(({ name: listener }) => listener)).toEqual(
        allowed ? ["*:1001", "*:1002"] : ["*:1001"],
      );
      expect(found.said).toEqual(allowed ? [] : ["4: listenerset/not-allowed"]);
    });
  }

  test("without their Gateway have no status, and are told of", async () => {
    const found = await translateManifests(set("set"));
    expect(found.has("ListenerSet", "set")).toBe(false);
    expect(found.said).toEqual(["2: listenerset/no-parent"]);
  });

  test("of a Gateway that is not accepted are not accepted", async () => {
    const rest = {
      allowedListeners: { namespaces: { from: "All" } },
      addresses: [{ type: "example.com/x", value: "a" }],
    };
    const found = await translateManifests(gateway("front", [tcp("own", 1001)], rest) + set("set"));
    expect(conditionsOf(found, "ListenerSet", "set")).toEqual({
      Accepted: "False/ParentNotAccepted",
      Programmed: "False/ParentNotProgrammed",
    });
    expect(found.said).toEqual(["2: gateway/unsupported-address"]);
  });

  test("with a good and a bad listener are accepted", async () => {
    const text = allowing("All") + listenerSet("set", "front", [tcp("x", 1001), tcp("y", 1003)]);
    const found = await translateManifests(text);
    expect(conditionsOf(found, "ListenerSet", "set")).toEqual({
      Accepted: "True/ListenersNotValid",
      Programmed: "True/Programmed",
    });
  });

  test("without a good listener are not, and do not count", async () => {
    const found = await translateManifests(allowing("All") + listenerSet("set", "front", [tcp("x", 1001)]));
    expect(conditionsOf(found, "ListenerSet", "set")).toEqual({
      Accepted: "False/ListenersNotValid",
      Programmed: "False/ListenersNotValid",
    });
    expect(found.status("Gateway", "front")).not.toHaveProperty("attachedListenerSets");
    expect(found.said).toEqual(["4: listenerset/protocol-conflict"]);
  });

  test("take their own routes, and none of the Gateway's; and the other way round", async () => {
    const text =
      allowing("All") + set("set") + tcpRoute("g", ["front"]) + tcpRoute("s", [{ kind: "ListenerSet", name: "set" }]);
    const found = await translateManifests(text);
    expect(found.routes.map(({ name }) => name)).toEqual([
      "tcproute/default/g@default/front/own",
      "tcproute/default/s@listenerset/default/set/x",
    ]);
  });

  test("Same is their own namespace", async () => {
    const listener = tcp("x", 1002, { allowedRoutes: { namespaces: { from: "Same" } } });
    const parent = { kind: "ListenerSet", name: "set", namespace: "prod" };
    const text = allowing("All") + listenerSet("prod/set", "default/front", [listener]);
    const found = await translateManifests(text + tcpRoute("prod/near", [parent]) + tcpRoute("default/far", [parent]));
    expect(parentsOf(found, "TCPRoute", "near")[0]).toMatchObject({ Accepted: ACCEPTED });
    expect(parentsOf(found, "TCPRoute", "far")[0]).toMatchObject({ Accepted: "False/NotAllowedByListeners" });
  });

  test("a route of one that is not allowed is told so", async () => {
    const found = await translateManifests(
      allowing("None") + service("db") + set("set") + tcpRoute("s", [{ kind: "ListenerSet", name: "set" }]),
    );
    expect(parentsOf(found, "TCPRoute", "s")[0]).toMatchObject({ Accepted: "False/NoMatchingParent" });
    expect(found.messages.at(-1)).toContain('ListenerSet "default/set" is not in force, and has no listeners');
  });

  test("a section of the Gateway is not found by a name that only a set has", async () => {
    const found = await translateManifests(
      allowing("All") + set("set") + tcpRoute("r", [{ name: "front", sectionName: "x" }]),
    );
    expect(parentsOf(found, "TCPRoute", "r")[0]).toMatchObject({ Accepted: "False/NoMatchingParent" });
  });
});
