import { expect, test } from "bun:test";
import { parseCidr } from "../../src/base/ip.ts";
import { canonicalText, hashesOf } from "../../src/app/spec-hash.ts";

const hashSpec = (spec: unknown): string => hashesOf(spec).contentHash;

test("the order of keys has no meaning, at any depth; that of lists has", () => {
  expect(hashSpec({ a: 1, b: { c: [1, { d: 2, e: 3 }], f: null } })).toBe(
    hashSpec({ b: { f: null, c: [1, { e: 3, d: 2 }] }, a: 1 }),
  );
  expect(hashSpec([1, 2])).not.toBe(hashSpec([2, 1]));
  const one = new Map([
    ["a", 1],
    ["b", 2],
  ]);
  expect(hashSpec(one)).toBe(hashSpec(new Map([...one].toReversed())));
});

test("a key that is undefined is as if it were not there", () => {
  expect(canonicalText({ a: undefined, b: 1 })).toBe(canonicalText({ b: 1 }));
  expect(canonicalText(undefined)).toBe("null");
});

test("every difference counts, also that of type", () => {
  const values: readonly unknown[] = [
    null,
    0,
    1,
    "1",
    1n,
    true,
    "true",
    [],
    {},
    [[]],
    [1],
    { a: 1 },
    { a: "1" },
    { a: null },
    { a: [1] },
    { "a:1": 1 },
    new Map(),
    new Map([["a", 1]]),
    new Map([["a", 2]]),
    new Uint8Array([1, 2]),
    new Uint8Array([1, 3]),
    new Uint8Array([1, 2, 3]).subarray(0, 1),
    new Uint32Array([1]),
    parseCidr("10.0.0.0/8"),
    parseCidr("10.0.0.0/9"),
    parseCidr("2001:db8::/32"),
    parseCidr("2001:db9::/32"),
  ];
  expect(new Set(values.map(hashSpec)).size).toBe(values.length);
});
