import { expect, test } from "bun:test";
import { formatHostnamePattern, parseHostname, parseHostnamePattern } from "../../src/base/hostname.ts";

test("a name is compared in lower case and without the dot at its end", () => {
  expect(parseHostname("DB.Example.COM.")).toBe("db.example.com");
  expect(parseHostname("XN--Bcher-KVA.example")).toBe("xn--bcher-kva.example");
  expect(parseHostname("_pg._tcp.example.com")).toBe("_pg._tcp.example.com");
  expect(parseHostname(`${"a".repeat(63)}.b`)).toBe(`${"a".repeat(63)}.b`);
  expect(parseHostname(`${"a.".repeat(126)}b.`)).toBe(`${"a.".repeat(126)}b`);
});

test.each([
  "",
  ".",
  "a..b",
  ".a",
  "a.b..",
  "a b",
  "a\n",
  "*.a",
  "-a.b",
  "a-.b",
  "bücher.example",
  "1.2.3.4",
  "a.1",
  "::1",
  "\u212a.example", // The Kelvin sign, whose lower case is a `k`.
  `${"a".repeat(64)}.b`,
  `${"a.".repeat(127)}b`,
])("%j is no host name", (text) => expect(parseHostname(text)).toBeUndefined());

test("a pattern is a name, a wildcard or everything", () => {
  expect(parseHostnamePattern("DB.example.com")).toEqual({ name: "db.example.com", wildcard: "none" });
  expect(parseHostnamePattern("*.Example.com")).toEqual({ name: "example.com", wildcard: "one-label" });
  expect(parseHostnamePattern("*.example.com", "any-depth")).toEqual({ name: "example.com", wildcard: "any-depth" });
  expect(parseHostnamePattern("*.com")).toEqual({ name: "com", wildcard: "one-label" });
  expect(parseHostnamePattern("*")).toEqual({ wildcard: "all" });
});

test.each([
  ["db.*.example.com", 'the * of "db.*.example.com" must be its whole first label, as in *.example.com'],
  ["db*.example.com", 'the * of "db*.example.com" must be its whole first label, as in *.example.com'],
  ["*.*.example.com", 'the * of "*.*.example.com" must be its whole first label, as in *.example.com'],
  ["**", 'the * of "**" must be its whole first label, as in *.example.com'],
  ["bücher.example", '"bücher.example" must be written in its ASCII form (xn--…)'],
  ["*.", '"*." is not a host name'],
  ["", '"" is not a host name'],
  ["10.0.0.1", '"10.0.0.1" is not a host name'],
  ["a.example:443", '"a.example:443" is not a host name'],
  ["*.1", '"*.1" is not a host name'],
])("the pattern %j is refused", (text, problem) => expect(parseHostnamePattern(text)).toEqual({ problem }));

test("a pattern is written as it is read", () => {
  for (const text of ["db.example.com", "*.example.com", "*"]) {
    const pattern = parseHostnamePattern(text);
    expect("problem" in pattern ? pattern.problem : formatHostnamePattern(pattern)).toBe(text);
  }
});
