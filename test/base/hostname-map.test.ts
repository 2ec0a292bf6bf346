import { expect, test } from "bun:test";
import { type HostnameMap, compileHostnames, lookupHostname } from "../../src/base/hostname-map.ts";
import { type HostnamePattern, parseHostnamePattern } from "../../src/base/hostname.ts";
import { Random } from "../support/random.ts";

/** The pattern in a text, where `**` at the start means a star of any depth. */
function pattern(text: string): HostnamePattern {
  const parsed = text.startsWith("**.")
    ? parseHostnamePattern(text.slice(1), "any-depth")
    : parseHostnamePattern(text, "one-label");
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}

function mapOf(...texts: readonly string[]): HostnameMap {
  return compileHostnames(texts.map((text, value) => ({ pattern: pattern(text), value })));
}

/** The definition: of the patterns that mean a name the most specific one, and of equal ones the first. */
function naiveLookup(texts: readonly string[], name: string | undefined): number {
  let best = -1;
  let bestRank = -1;
  texts.forEach((text, value) => {
    const rank = rankOf(text, name);
    if (rank > bestRank) [best, bestRank] = [value, rank];
  });
  return best;
}

/** How specific a pattern is for a name, or -1 when it does not mean it. */
function rankOf(text: string, name: string | undefined): number {
  if (text === "*") return 0;
  if (name === undefined) return -1;
  if (!text.includes("*")) return text === name ? 1_000_000 : -1;
  const labels = text.split(".").slice(1);
  const given = name.split(".");
  const before = given.length - labels.length;
  if (before < 1 || given.slice(before).join(".") !== labels.join(".")) return -1;
  if (text.startsWith("**")) return labels.length * 2;
  return before === 1 ? labels.length * 2 + 1 : -1;
}

test("an empty map means nothing", () => {
  expect(lookupHostname(mapOf(), "db.example.com")).toBe(-1);
  expect(lookupHostname(mapOf(), undefined)).toBe(-1);
});

test("the most specific pattern wins, whatever the order", () => {
  const texts = ["*", "**.com", "*.example.com", "**.example.com", "db.example.com"];
  for (const [map, valueOf] of [
    [mapOf(...texts), (value: number) => value],
    [mapOf(...texts.toReversed()), (value: number) => texts.length - 1 - value],
  ] as const) {
    expect(lookupHostname(map, "db.example.com")).toBe(valueOf(4));
    expect(lookupHostname(map, "web.example.com")).toBe(valueOf(2));
    expect(lookupHostname(map, "a.web.example.com")).toBe(valueOf(3));
    expect(lookupHostname(map, "example.com")).toBe(valueOf(1));
    expect(lookupHostname(map, "com")).toBe(valueOf(0));
    expect(lookupHostname(map, "db.example.org")).toBe(valueOf(0));
  }
});

test("a wildcard of one label means exactly one, one of any depth at least one, and neither its own name", () => {
  const one = mapOf("*.example.com");
  const any = mapOf("**.example.com");
  const names = ["example.com", "a.example.com", "a.b.example.com", "aexample.com"];
  expect(names.map((name) => lookupHostname(one, name))).toEqual([-1, 0, -1, -1]);
  expect(names.map((name) => lookupHostname(any, name))).toEqual([-1, 0, 0, -1]);
});

test("a wildcard that fits is not passed over for a catch-all, nor the other way round", () => {
  const map = mapOf("*", "*.b.example.com", "**.example.com");
  expect(lookupHostname(map, "x.a.b.example.com")).toBe(2);
  expect(lookupHostname(map, "a.b.example.com")).toBe(1);
  expect(lookupHostname(mapOf("*", "*.example.com"), "a.b.example.com")).toBe(0);
});

test("a client without a name gets the catch-all alone", () => {
  expect(lookupHostname(mapOf("db.example.com", "*.example.com", "**.com"), undefined)).toBe(-1);
  expect(lookupHostname(mapOf("db.example.com", "*"), undefined)).toBe(1);
});

test("of two equal patterns the first wins", () => {
  const map = mapOf("a.example", "A.example.", "*.example", "*.example", "**.example", "**.example", "*", "*");
  expect(["a.example", "b.example", "b.b.example", "b"].map((name) => lookupHostname(map, name))).toEqual([0, 2, 4, 6]);
});

test("names that objects have by nature are names like others", () => {
  const map = mapOf("*", "constructor.example");
  for (const name of ["constructor", "__proto__", "tostring", "__proto__.example"]) {
    expect(lookupHostname(map, name)).toBe(0);
  }
  expect(lookupHostname(map, "constructor.example")).toBe(1);
});

test("a lookup finds what trying every pattern finds", () => {
  for (let seed = 1; seed <= 500; seed++) {
    const random = new Random(seed);
    // Few labels, so that names nest and meet all the time.
    const name = () => Array.from({ length: 1 + random.below(4) }, () => "abc"[random.below(3)] ?? "a").join(".");
    const texts = Array.from({ length: random.below(20) }, () =>
      random.chance(12) ? "*" : `${["", "", "*.", "**."][random.below(4)] ?? ""}${name()}`,
    );
    const map = mapOf(...texts);
    for (const probe of [undefined, ...Array.from({ length: 30 }, name)]) {
      expect({ texts, probe, value: lookupHostname(map, probe) }).toEqual({
        texts,
        probe,
        value: naiveLookup(texts, probe),
      });
    }
  }
});

test("10,000 names are found, each by its own", () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `db${at}.team${at % 100}.example.com`);
  const map = mapOf(...names, "**.example.com");
  expect(map.size).toBe(10_001);
  expect(names.every((name, value) => lookupHostname(map, name) === value)).toBe(true);
  expect(lookupHostname(map, `${"x.".repeat(115)}example.com`)).toBe(10_000);
});

test("a map is plain data that survives a structured clone", () => {
  const map = mapOf("db.example.com", "*.example.com", "**.example.org", "*");
  expect(structuredClone(map)).toEqual(map);
});
