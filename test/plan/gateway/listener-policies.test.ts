import { describe, expect, test } from "bun:test";
import {
  ancestorsOf,
  configMap,
  gateway,
  listenerOf,
  listenerSet,
  manifest,
  policy,
  secret,
  service,
  tcp,
  tcpRoute,
  terminating,
  tls,
  tlsRoute,
} from "../../support/gateway-documents.ts";
import { pemOf, secretDataOf } from "../../support/pem.ts";
import { type TranslateOptions, translateManifests } from "../../support/translate-manifests.ts";

const FRONT = gateway("front", [tcp("a", 1001), tcp("b", 1002)]) + service("db") + tcpRoute("r", ["front"]);
const deny = (prefix: string) => ({ deny: [prefix] });

/** What is denied at each port. */
async function denied(text: string, options: TranslateOptions = {}) {
  const found = await translateManifests(text, options);
  const byPort = Object.fromEntries(
    found.routes.map(({ listen, deny: cidrs, refused }) => [
      listen[0]?.firstPort,
      refused?.reason === "no-route" ? "closed" : cidrs.map(({ prefix }) => prefix).join(),
    ]),
  );
  return { found, byPort };
}

const broken = (targetRefs: unknown) =>
  manifest("sallyport.dev/v1alpha1", "ListenerPolicy", "p", { spec: { targetRefs, deny: ["nonsense"] } });

/** A Gateway that takes ListenerSets of every namespace, and a policy of one. */
const front = (rest: object = {}): string =>
  gateway("front", [tcp("a", 1001)], { allowedListeners: { namespaces: { from: "All" } }, ...rest });
const own = (rest: object): string => policy("ListenerPolicy", "shop/q", ["ListenerSet/x"], { ...rest });

describe("ListenerPolicy", () => {
  test("of a Gateway is for all of its listeners", async () => {
    const { found, byPort } = await denied(
      FRONT + policy("ListenerPolicy", "p", ["Gateway/front"], deny("10.0.0.0/8")),
    );
    expect(byPort).toEqual({ 1001: "8", 1002: "8" });
    expect(ancestorsOf(found, "ListenerPolicy", "p")).toEqual({ "Gateway/front": { Accepted: "True/Accepted" } });
    expect(found.said).toEqual([]);
  });

  test("of a listener comes before that of the Gateway", async () => {
    const text =
      policy("ListenerPolicy", "p", ["Gateway/front"], deny("10.0.0.0/8")) +
      policy("ListenerPolicy", "q", ["Gateway/front#b"], deny("10.0.0.0/16"));
    const { found, byPort } = await denied(FRONT + text);
    expect(byPort).toEqual({ 1001: "8", 1002: "16" });
    expect(ancestorsOf(found, "ListenerPolicy", "q")).toEqual({ "Gateway/front#b": { Accepted: "True/Accepted" } });
  });

  test("of a target that an older one has is in conflict", async () => {
    const text =
      policy("ListenerPolicy", "young", ["Gateway/front"], deny("10.0.0.0/16"), { day: 2 }) +
      policy("ListenerPolicy", "old", ["Gateway/front"], deny("10.0.0.0/8"), { day: 1 });
    const { found, byPort } = await denied(FRONT + text);
    expect(byPort).toEqual({ 1001: "8", 1002: "8" });
    expect(ancestorsOf(found, "ListenerPolicy", "young")).toEqual({
      "Gateway/front": { Accepted: "False/Conflicted" },
    });
    expect(found.said).toEqual(["8: listenerpolicy/conflicted"]);
  });

  for (const target of ["Gateway/gone", "Gateway/front#gone", "ListenerSet/gone"]) {
    test(`of ${target} has nothing that it could be for`, async () => {
      const { found, byPort } = await denied(FRONT + policy("ListenerPolicy", "p", [target], deny("10.0.0.0/8")));
      expect(byPort).toEqual({ 1001: "", 1002: "" });
      expect(ancestorsOf(found, "ListenerPolicy", "p")).toEqual({ [target]: { Accepted: "False/TargetNotFound" } });
      expect(found.said).toEqual(["8: listenerpolicy/target-not-found"]);
    });
  }

  test("of a Gateway is for its ListenerSets too, unless they have their own", async () => {
    const front = gateway("front", [tcp("a", 1001)], { allowedListeners: { namespaces: { from: "All" } } });
    const sets =
      listenerSet("x", "front", [tcp("a", 1002)]) + listenerSet("y", "front", [tcp("a", 1003), tcp("b", 1004)]);
    const text =
      policy("ListenerPolicy", "p", ["Gateway/front"], deny("10.0.0.0/8")) +
      policy("ListenerPolicy", "named", ["Gateway/front#a"], deny("10.0.0.0/9")) +
      policy("ListenerPolicy", "q", ["ListenerSet/y"], deny("10.0.0.0/16")) +
      policy("ListenerPolicy", "s", ["ListenerSet/y#b"], deny("10.0.0.0/24"));
    const routes =
      ["x", "y"].map((name) => tcpRoute(name, [{ kind: "ListenerSet", name }])).join("") + tcpRoute("r", ["front"]);
    const { byPort } = await denied(front + sets + text + service("db") + routes);
    // A name of the Gateway's listener is none of a set's.
    expect(byPort).toEqual({ 1001: "9", 1002: "8", 1003: "16", 1004: "24" });
  });

  test("says what a closer one leaves out: limits do away with no certificate and no list", async () => {
    const auth = { clientAuth: { ca: "ca.pem" } };
    const wide = policy("ListenerPolicy", "p", ["Gateway/front"], { ...auth, ...deny("10.0.0.0/8") });
    const close = policy("ListenerPolicy", "q", ["Gateway/front#a"], { limits: { connections: 7 } });
    const { found, byPort } = await denied(FRONT + wide + close, { hasFiles: true });
    expect(byPort).toEqual({ 1001: "closed", 1002: "closed" });
    expect(found.said.map((each) => each.replace(/^\d+: /, ""))).toEqual([
      "listenerpolicy/invalid",
      "listenerpolicy/invalid",
    ]);
    const list = policy("ListenerPolicy", "p", ["Gateway/front"], deny("10.0.0.0/8"));
    const both = await denied(FRONT + list + close);
    expect(both.byPort).toEqual({ 1001: "8", 1002: "8" });
    expect(both.found.compiled.plan.routes.map(({ limits }) => limits.connections)).toEqual([7, 0]);
  });

  describe("of a ListenerSet in another namespace than its Gateway", () => {
    const set = listenerSet("shop/x", "default/front", [tcp("a", 1002)]) + service("db") + tcpRoute("r", ["front"]);
    const route = tcpRoute("shop/s", [{ kind: "ListenerSet", name: "x" }], ["db"]) + service("shop/db");

    test("changes nothing that keeps clients of the Gateway out", async () => {
      const list = policy("ListenerPolicy", "p", ["Gateway/front"], deny("10.0.0.0/8"));
      const changed = await denied(front() + set + route + list + own(deny("10.0.0.0/16")));
      expect(changed.byPort).toEqual({ 1001: "8", 1002: "closed" });
      expect(changed.found.said).toHaveLength(1);
      const beside = await denied(front() + set + route + list + own({ timeouts: { idle: "1m" } }));
      expect(beside.byPort).toEqual({ 1001: "8", 1002: "8" });
      // Who says what a client's address is says whom a list lets in.
      const told = own({ proxyProtocol: { accept: { from: ["0.0.0.0/0"] } } });
      expect((await denied(front() + set + route + list + told)).byPort).toEqual({ 1001: "8", 1002: "closed" });
      const alone = await denied(front() + set + route + own(deny("10.0.0.0/16")));
      expect(alone.byPort).toEqual({ 1001: "", 1002: "16" });
    });

    test("does not replace the authorities that the Gateway names", async () => {
      const validation = { caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "ca" }] };
      const named = front({ tls: { frontend: { default: { validation } } } });
      const pem = configMap("ca", { "ca.crt": pemOf("root.pem") });
      const key = secret("shop/one", secretDataOf("names"));
      const ending = listenerSet("shop/x", "default/front", [terminating("a", 1002, "one.example.com", "one")]);
      const lenient = own({ clientAuth: { ca: "other.pem", mode: "request" } });
      const routes = tlsRoute("shop/s", [{ kind: "ListenerSet", name: "x" }], ["one.example.com"]) + service("shop/db");
      const open = await translateManifests(named + pem + key + ending + routes, { hasFiles: true });
      expect(open.compiled.plan.routes.map(({ tls: plan }) => plan)).toContainEqual(
        expect.objectContaining({ clientAuth: expect.objectContaining({ mode: "require" }) }),
      );
      const found = await translateManifests(named + pem + key + ending + routes + lenient, { hasFiles: true });
      expect(found.compiled.plan.pools).toEqual([]);
    });
  });

  test("of another namespace is for nobody here", async () => {
    const { byPort } = await denied(FRONT + policy("ListenerPolicy", "other/p", ["Gateway/front"], deny("10.0.0.0/8")));
    expect(byPort).toEqual({ 1001: "", 1002: "" });
  });

  test("has timeouts, limits and PROXY headers", async () => {
    const rest = {
      timeouts: { idle: "1m" },
      limits: { connections: 7 },
      proxyProtocol: { accept: { from: ["10.0.0.0/8"] } },
    };
    const { found } = await denied(FRONT + policy("ListenerPolicy", "p", ["Gateway/front#a"], rest));
    const [a, b] = found.compiled.plan.routes;
    expect(a).toMatchObject({ timeouts: { idleMs: 60_000, halfCloseMs: 600_000 }, limits: { connections: 7 } });
    expect(a?.proxyAccept).toBeDefined();
    expect(b).toMatchObject({ timeouts: { idleMs: 3_600_000 } });
  });

  test("refuses also those whom no route takes", async () => {
    const text =
      gateway("front", [tcp("a", 1001)]) + policy("ListenerPolicy", "p", ["Gateway/front"], deny("10.0.0.0/8"));
    expect((await translateManifests(text)).routes).toMatchObject([
      { name: "listener/default/front/a", deny: [{ prefix: 8 }] },
    ]);
  });

  const target = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "front" };
  for (const [name, targets, byPort] of [
    ["closes what it names", [target], { 1001: "closed", 1002: "closed" }],
    ["closes the listener that it names", [{ ...target, sectionName: "b" }], { 1001: "", 1002: "closed" }],
    ["closes everything when nobody knows what it names", [{ kind: "Gateway" }], { 1001: "closed", 1002: "closed" }],
    ["closes nothing but what it names", [{ ...target, name: "other" }], { 1001: "", 1002: "" }],
  ] as const) {
    test(`with mistakes ${name}`, async () => {
      const found = await denied(FRONT + broken(targets), { mayBreak: true });
      expect(found.byPort).toEqual(byPort);
    });
  }
});

describe("clientAuth of a ListenerPolicy", () => {
  const GOOD = secret("good", secretDataOf("names"));
  const clientAuth = { ca: "clients.pem", mode: "require" };
  const text =
    gateway("front", [terminating("t", 443, "*.example.com", "good"), tls("p", 444, "*.example.com"), tcp("c", 5432)]) +
    GOOD +
    service("db") +
    tlsRoute("r", ["front"], ["a.example.com"]) +
    tcpRoute("s", ["front"]);
  const closedBy = async (targets: readonly string[], options: TranslateOptions) => {
    const found = await translateManifests(text + policy("ListenerPolicy", "p", targets, { clientAuth }), options);
    return { found, closed: [...found.refused.keys()].map((name) => name.split("/").at(-1)) };
  };

  test("is asked of clients where TLS ends", async () => {
    const { found } = await closedBy(["Gateway/front#t"], { hasFiles: true });
    expect(found.routes.find(({ tls: spec }) => spec?.mode === "terminate")?.tls).toMatchObject({
      clientAuth: { mode: "require" },
    });
    expect(ancestorsOf(found, "ListenerPolicy", "p")).toEqual({ "Gateway/front#t": { Accepted: "True/Accepted" } });
    expect(found.said).toEqual([]);
  });

  test("closes listeners that do not end TLS, and says which", async () => {
    const { found, closed } = await closedBy(["Gateway/front"], { hasFiles: true });
    expect(closed.toSorted()).toEqual(["c", "p", "p#1", "t"]);
    // The one of `t` is for names that no route has.
    expect(found.refused.get("listener/default/front/t")).toContain("No route");
    expect(found.refused.get("listener/default/front/c")).toContain(
      'ListenerPolicy "default/p": Listener "default/front/c" does not end TLS',
    );
    expect(ancestorsOf(found, "ListenerPolicy", "p")).toEqual({ "Gateway/front": { Accepted: "False/Invalid" } });
    expect(found.said).toEqual(["12: listenerpolicy/invalid", "12: listenerpolicy/invalid"]);
  });

  test("of two targets, only the one that it does not fit is told", async () => {
    const { found } = await closedBy(["Gateway/front#t", "Gateway/front#c"], { hasFiles: true });
    expect(ancestorsOf(found, "ListenerPolicy", "p")).toEqual({
      "Gateway/front#t": { Accepted: "True/Accepted" },
      "Gateway/front#c": { Accepted: "False/Invalid" },
    });
  });

  test("whose authorities cannot be read closes its listeners", async () => {
    const { found, closed } = await closedBy(["Gateway/front#t"], {});
    expect(closed.toSorted()).toEqual(["p", "t", "t#1"]);
    expect(found.refused.get("listener/default/front/t")).toContain("The authorities of clientAuth cannot be used");
    expect(listenerOf(found, "front", "t")).toMatchObject({ routes: 1 });
  });
});

describe("protocol postgres of a ListenerPolicy", () => {
  const GOOD = secret("good", secretDataOf("names"));
  const postgres = policy("ListenerPolicy", "p", ["Gateway/front"], { protocol: "postgres" });

  test("on a listener that ends TLS offers PostgreSQL's protocol to all of its clients", async () => {
    const text = gateway("front", [terminating("t", 5432, "*.example.com", "good")]) + GOOD + service("db");
    const found = await translateManifests(text + tlsRoute("r", ["front"], ["a.example.com"]) + postgres);
    expect(found.compiled.diagnostics).toEqual([]);
    expect(found.compiled.plan.listeners[0]?.hello?.protocol).toBe("postgres");
    expect(found.routes[0]?.tls).toMatchObject({ mode: "terminate", alpn: ["postgresql"] });
  });

  test("an option says otherwise", async () => {
    const options = { "sallyport.dev/alpn": "x" };
    const listener = tls("t", 5432, undefined, { tls: { certificateRefs: [{ name: "good" }], options } });
    const text = gateway("front", [listener]) + GOOD + service("db") + tlsRoute("r", ["front"], ["a.example.com"]);
    expect((await translateManifests(text + postgres)).routes[0]?.tls).toMatchObject({ alpn: ["x"] });
  });

  test("on a plain listener is for clients without TLS", async () => {
    const found = await translateManifests(
      gateway("front", [tcp("a", 5432)]) + service("db") + tcpRoute("r", ["front"]) + postgres,
    );
    expect(found.compiled.plan.listeners[0]?.hello?.protocol).toBe("postgres");
  });

  test("on one of two listeners of a port takes the other one off it", async () => {
    const text =
      gateway("front", [tls("a", 5432, "a.example.com"), tls("b", 5432, "b.example.com")]) +
      policy("ListenerPolicy", "p", ["Gateway/front#a"], { protocol: "postgres" });
    const found = await translateManifests(text);
    expect(listenerOf(found, "front", "a")).toMatchObject({ Programmed: "True/Programmed" });
    expect(listenerOf(found, "front", "b")).toMatchObject({
      Accepted: "False/PortUnavailable",
      Programmed: "False/PortUnavailable",
    });
  });
});

describe("a ListenerSet of another namespace", () => {
  const shared = { allowedListeners: { namespaces: { from: "All" } } };
  const tenant =
    gateway("infra/edge", [tcp("l", 1001)], shared) +
    listenerSet("app/extra", "infra/edge", [tcp("x", 1002)]) +
    tcpRoute("app/r", [{ kind: "ListenerSet", name: "extra" }]) +
    service("app/db");
  const ofGateway = policy("ListenerPolicy", "infra/p", ["Gateway/edge"], deny("10.0.0.0/8"));
  const ofSet = policy("ListenerPolicy", "app/p", ["ListenerSet/extra"], deny("10.0.0.0/16"));

  test("has its Gateway's policy", async () => {
    expect((await denied(tenant + ofGateway)).byPort).toMatchObject({ 1002: "8" });
  });

  test("may have one of its own where the Gateway has none", async () => {
    expect((await denied(tenant + ofSet)).byPort).toMatchObject({ 1002: "16" });
  });

  test("does not replace its Gateway's by its own: its clients are refused", async () => {
    const { found, byPort } = await denied(tenant + ofGateway + ofSet);
    expect(byPort).toMatchObject({ 1002: "closed" });
    expect(found.routes.find(({ listen }) => listen[0]?.firstPort === 1002)?.refused?.detail).toContain(
      "which this one cannot change",
    );
  });
});
