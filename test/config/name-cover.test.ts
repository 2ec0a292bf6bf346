import { expect, test } from "bun:test";

import { judgeNames } from "../../src/config/name-cover.ts";
import { parseHostnamePattern } from "../../src/base/hostname.ts";
import { pemOf } from "../support/pem.ts";

/** What is said about a route with these names that shows a certificate. */
function said(fixture: string, ...hostnames: readonly string[]): readonly string[] {
  const identity = { certificate: pemOf(fixture), key: "", notBeforeMs: 0, notAfterMs: 0 };
  const patterns = hostnames.map((text) => {
    const pattern = parseHostnamePattern(text);
    if ("problem" in pattern) throw new Error(pattern.problem);
    return pattern;
  });
  return judgeNames(identity, patterns).map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
}

test("names that a certificate has, by letter or by its own wildcard, are not worth a word", () => {
  expect(said("names.pem", "upper.example.com")).toEqual([]);
  expect(said("names.pem", "billing.apps.example.com")).toEqual([]);
  expect(said("names.pem", "*.apps.example.com")).toEqual([]);
});

test("a route for every name has none that could be missing", () => {
  expect(said("names.pem")).toEqual([]);
});

test("a pattern is covered by one of its names", () => {
  expect(said("names.pem", "*.example.com")).toEqual([]);
});

test("names that it lacks are said, with those that it has", () => {
  expect(said("names.pem", "upper.example.com", "a.b.apps.example.com", "*.else.example")).toEqual([
    'warning tls/name-missing: The certificate is not for "a.b.apps.example.com", "*.else.example": it has "upper.example.com", "*.apps.example.com"',
  ]);
  expect(said("chained.pem", "a.x", "b.x", "c.x", "d.x")).toEqual([
    'warning tls/name-missing: The certificate is not for "a.x", "b.x", "c.x" and others: it has "chained.example"',
  ]);
});

test("a common name is no name", () => {
  expect(said("issuing.pem", "issuing.example")).toEqual([
    'warning tls/name-missing: The certificate is not for "issuing.example": it has no DNS names',
  ]);
});

test("what is no certificate was told already", () => {
  expect(said("names.key", "a.x")).toEqual([]);
});
