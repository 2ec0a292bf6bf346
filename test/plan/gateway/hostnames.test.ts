import { describe, expect, test } from "bun:test";
import { chooseTls } from "../../../src/engine/hello/choose.ts";
import { closestOf, covers, intersect, widerNames } from "../../../src/plan/gateway/hostnames.ts";
import { gateway, parentsOf, service, tls, tlsRoute } from "../../support/gateway-documents.ts";
import { Random } from "../../support/random.ts";
import { translateManifests } from "../../support/translate-manifests.ts";

describe("host names of listener and route", () => {
  const table: readonly [string | undefined, string, string | undefined][] = [
    [undefined, "a.example.com", "a.example.com"],
    [undefined, "*.example.com", "*.example.com"],
    ["a.example.com", "a.example.com", "a.example.com"],
    ["a.example.com", "b.example.com", undefined],
    ["a.example.com", "*.example.com", "a.example.com"],
    ["*.example.com", "a.example.com", "a.example.com"],
    ["*.example.com", "sub.domain.example.com", "sub.domain.example.com"],
    ["*.example.com", "example.com", undefined],
    ["example.com", "*.example.com", undefined],
    ["*.example.com", "badexample.com", undefined],
    ["*.example.com", "*.example.com", "*.example.com"],
    ["*.com", "*.example.com", "*.example.com"],
    ["*.example.com", "*.com", "*.example.com"],
    ["*.a.example.com", "*.b.example.com", undefined],
    ["*.example.org", "*.example.com", undefined],
    [undefined, "*", "*"],
    ["*.example.com", "*", "*.example.com"],
    ["a.example.com", "*", "a.example.com"],
  ];
  for (const [listener, route, both] of table) {
    test(`${listener ?? "every name"} and ${route} are both ${both ?? "nothing"}`, () =>
      expect(intersect(listener, route)).toBe(both));
  }

  test("wider patterns come the closest first", () => {
    expect([...widerNames("x.a.example.com")]).toEqual(["*.a.example.com", "*.example.com", "*.com", undefined]);
    expect([...widerNames("*.example.com")]).toEqual(["*.com", undefined]);
    expect([...widerNames("com")]).toEqual([undefined]);
  });

  test("the closest of some names is the one that no other one is within", () => {
    const names = new Set([undefined, "*.example.com", "*.a.example.com", "x.a.example.com"]);
    expect(closestOf(names, "x.a.example.com")).toBe("x.a.example.com");
    expect(closestOf(names, "y.a.example.com")).toBe("*.a.example.com");
    expect(closestOf(names, "a.example.com")).toBe("*.example.com");
    expect(closestOf(names, "*.b.a.example.com")).toBe("*.a.example.com");
    expect(closestOf(names, "example.com")).toBeUndefined();
  });

  test("a route that shares no name with any listener is told so", async () => {
    const text = gateway("front", [tls("a", 443, "a.example.com")]) + tlsRoute("r", ["front"], ["b.example.com"]);
    const found = await translateManifests(text);
    expect(parentsOf(found, "TLSRoute", "r")[0]).toMatchObject({ Accepted: "False/NoMatchingListenerHostname" });
    expect(found.messages[0]).toContain("(b.example.com) is one of a listener's (a.example.com)");
    expect([...found.refused.keys()]).toEqual(["listener/default/front/a"]);
  });
});

const LABELS = ["a", "b", "c"];
const LEVELS = 3;

function randomName(random: Random): string {
  return [...Array.from({ length: 1 + random.below(LEVELS) }, () => LABELS[random.below(LABELS.length)]), "t"].join(
    ".",
  );
}

function randomPattern(random: Random): string {
  return random.chance(2) ? `*.${randomName(random)}` : randomName(random);
}

/** How closely a pattern means names; only of patterns that mean the same name. */
function closeness(pattern: string | undefined): number {
  return pattern === undefined ? 0 : pattern.startsWith("*.") ? pattern.split(".").length : 100;
}

function closest<Entry>(entries: readonly Entry[], patternOf: (entry: Entry) => string | undefined): Entry | undefined {
  return entries.toSorted((a, b) => closeness(patternOf(b)) - closeness(patternOf(a)))[0];
}

/** As the standard has it: one listener, one name of its routes, and no way back. `undefined`: the client is refused. */
function naive(
  listeners: readonly { readonly name: string; readonly hostname: string | undefined }[],
  routes: readonly {
    readonly name: string;
    readonly hostnames: readonly string[];
    readonly section: string | undefined;
  }[],
  serverName: string,
): string | undefined {
  const means = (pattern: string | undefined) => covers(pattern, serverName);
  const listener = closest(
    listeners.filter(({ hostname }) => means(hostname)),
    ({ hostname }) => hostname,
  );
  if (listener === undefined) return undefined;
  const found = routes
    .filter(({ section }) => section === undefined || section === listener.name)
    .flatMap(({ name, hostnames }) =>
      hostnames.flatMap((hostname) => {
        const both = intersect(listener.hostname, hostname);
        return both !== undefined && means(both) ? [{ name, both }] : [];
      }),
    );
  return closest(found, ({ both }) => both)?.name;
}

test("whatever listeners and routes there are, a client gets what the standard says", async () => {
  for (let seed = 1; seed <= 120; seed++) {
    const random = new Random(seed);
    const wanted = Array.from({ length: 1 + random.below(5) }, () =>
      random.chance(5) ? undefined : randomPattern(random),
    );
    const listeners = [...new Set(wanted)].map((hostname, index) => ({ name: `l${index}`, hostname }));
    const routes = Array.from({ length: random.below(6) }, (_, index) => ({
      name: `r${index}`,
      hostnames: [...new Set(Array.from({ length: 1 + random.below(3) }, () => randomPattern(random)))],
      section: random.chance(3) ? `l${random.below(listeners.length)}` : undefined,
    }));
    const text = [
      gateway(
        "front",
        listeners.map(({ name, hostname }) => tls(name, 443, hostname)),
      ),
      service("db"),
      // In the order of their age, and written the other way round.
      ...routes
        .map(({ name, hostnames, section }, index) => {
          const parent = { name: "front", ...(section === undefined ? {} : { sectionName: section }) };
          return tlsRoute(name, [parent], hostnames, ["db"], { day: index + 1 });
        })
        .toReversed(),
    ].join("");
    const { compiled } = await translateManifests(text);
    expect(compiled.diagnostics).toEqual([]);
    const [listener] = compiled.plan.listeners;
    const match = listener?.hello?.tls;
    if (listener === undefined || match === undefined) throw new Error("Nobody listens for TLS");
    for (let client = 0; client < 60; client++) {
      const serverName = randomName(random);
      const chosen = chooseTls(match, serverName, [], undefined).map((index) => listener.entries[index]?.route ?? "");
      const route = chosen[0]?.startsWith("tlsroute/")
        ? chosen[0].slice("tlsroute/default/".length).split("@")[0]
        : undefined;
      expect({ seed, serverName, route }).toEqual({ seed, serverName, route: naive(listeners, routes, serverName) });
    }
    const nameless = chooseTls(match, undefined, [], undefined).map((index) => listener.entries[index]?.route ?? "");
    expect(nameless.filter((name) => name.startsWith("tlsroute/"))).toEqual([]);
  }
});

/** Of an older version, without host names. */
function old(backend: string): string {
  return tlsRoute("every", ["edge"], ["*"], [backend])
    .replace(/"hostnames":\["\*"\],?/, "")
    .replace('/v1"', '/v1alpha2"');
}

describe("a TLSRoute of an older version without host names", () => {
  test("takes every name of a listener, unless another route means it more closely", async () => {
    const text = `${gateway("edge", [tls("l", 443)])}${old("a")}${tlsRoute("one", ["edge"], ["x.com"], ["b"])}${service("a")}${service("b")}`;
    const { compiled, said } = await translateManifests(text);
    expect(said).toEqual([]);
    const [listener] = compiled.plan.listeners;
    const match = listener?.hello?.tls;
    if (match === undefined) throw new Error("The listener takes no TLS");
    const takenBy = (name: string | undefined) =>
      chooseTls(match, name, [], undefined).map((index) => listener?.entries[index]?.route);
    expect(takenBy("x.com")).toEqual(["tlsroute/default/one@default/edge/l"]);
    expect(takenBy("y.com")).toEqual(["tlsroute/default/every@default/edge/l"]);
    expect(takenBy(undefined)).toEqual(["tlsroute/default/every@default/edge/l"]);
  });

  test("takes the name of a listener that has one", async () => {
    const text = `${gateway("edge", [tls("l", 443, "*.example.com")])}${old("a")}${service("a")}`;
    const { routes } = await translateManifests(text);
    expect(routes.map(({ name }) => name)).toEqual(["tlsroute/default/every@default/edge/l"]);
    expect(routes[0]?.tls?.hostnames).toEqual([{ name: "example.com", wildcard: "any-depth" }]);
  });
});
