import { expect, test } from "bun:test";

import { editDistance, suggest } from "../../src/base/suggest.ts";

const KEYS = ["name", "listen", "backends", "halfClose", "allow", "deny"];

test.each([
  ["lisen", "listen"],
  ["backend", "backends"],
  ["half_close", "halfClose"],
  ["HALF-CLOSE", "halfClose"],
  ["alow", "allow"],
  ["dney", "deny"],
])("suggest() takes %s for %s", (written, meant) => {
  expect(suggest(written, KEYS)).toBe(meant);
});

test.each([
  ["xyz", "xyz"],
  ["nothing", ""],
  ["ports", "ports"],
  ["10,000 letters", "x".repeat(10_000)],
])("suggest() has no idea what %s was meant to be", (_name, written) => {
  expect(suggest(written, KEYS)).toBeUndefined();
});

test("editDistance() counts insertions, deletions, replacements and swaps", () => {
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("abc", "abc")).toBe(0);
  expect(editDistance("abc", "acb")).toBe(1);
  expect(editDistance("kitten", "sitting")).toBe(3);
});
