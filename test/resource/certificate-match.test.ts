import { expect, test } from "bun:test";

import { parseHostnamePattern, type HostnamePattern } from "../../src/base/hostname.ts";
import { type ClientCertificate, fitsAny, fitsRule } from "../../src/resource/certificate-match.ts";
import type { CertificateRule } from "../../src/resource/tls.ts";
import { readCertificate } from "../../src/wire/x509.ts";
import { derOf } from "../support/pem.ts";

const SHA256 = "ab".repeat(32);

function certificate(names: Partial<ClientCertificate>): ClientCertificate {
  return { dnsNames: [], uris: [], emails: [], commonNames: [], organizations: [], sha256: SHA256, ...names };
}

function pattern(text: string): HostnamePattern {
  const parsed = parseHostnamePattern(text);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return parsed;
}

function fits(rule: CertificateRule, names: Partial<ClientCertificate>): boolean {
  return fitsRule(rule, certificate(names));
}

const dnsCases: readonly (readonly [string, string, boolean])[] = [
  ["billing.example.com", "billing.example.com", true],
  ["billing.example.com", "x.billing.example.com", false],
  ["billing.example.com", "billing.example.com.", false],
  ["billing.example.com", "*.example.com", false],
  ["*.example.com", "billing.example.com", true],
  ["*.example.com", "a.b.example.com", false],
  ["*.example.com", "example.com", false],
  ["*.example.com", ".example.com", false],
  ["*.example.com", "evilexample.com", false],
  ["*.example.com", "b*.example.com", false],
  ["*.example.com", "*.example.com", true],
  ["*.example.com", "*.a.example.com", false],
  ["*.a.example.com", "*.example.com", false],
  ["*", "billing.example.com", false],
  ["*", "*", false],
];
for (const [rule, name, expected] of dnsCases) {
  test(`DNS name ${rule} ${expected ? "fits" : "does not fit"} ${name}`, () => {
    expect(fits({ dnsNames: [pattern(rule)] }, { dnsNames: ["other.example", name] })).toBe(expected);
  });
}

const uriCases: readonly (readonly [string, string, boolean])[] = [
  ["spiffe://acme/billing", "spiffe://acme/billing", true],
  ["spiffe://acme/billing", "spiffe://acme/billing/", false],
  ["spiffe://acme/billing", "spiffe://ACME/billing", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/api", true],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/a/b", true],
  ["spiffe://acme/billing/*", "spiffe://acme/billing", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing-evil", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/../admin", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/..", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/./x", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/..?x", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/..#x", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/%2e%2E/admin", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/.%2e/admin", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/x%2F..%2Fadmin", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/%252e%252e/admin", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/..\\admin", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/x\\..\\admin", false],
  ["spiffe://acme/billing/*", "spiffe://acme/billing/v1..2/a.b", true],
  ["spiffe://acme/bill*", "spiffe://acme/billing", true],
  ["spiffe://acme/.*", "spiffe://acme/../x", false],
  ["spiffe://acme/bill*ing", "spiffe://acme/billling", false],
];
for (const [rule, name, expected] of uriCases) {
  test(`URI ${rule} ${expected ? "fits" : "does not fit"} ${name}`, () => {
    expect(fits({ uris: [rule] }, { uris: [name] })).toBe(expected);
  });
}

const emailCases: readonly (readonly [string, string, boolean])[] = [
  ["ann@example.com", "ann@example.com", true],
  ["ann@example.com", "ann@EXAMPLE.com", true],
  ["ann@example.com", "Ann@example.com", false],
  ["*@example.com", "anybody@Example.com", true],
  ["*@example.com", "anybody@sub.example.com", false],
  ["*@example.com", "@example.com", false],
  ["*@example.com", "example.com", false],
  ["*@example.com", '"a@evil.example"@example.com', false],
  ["*@example.com", "a@example.com@evil.example", false],
  ["*@", "ann@", false],
];
for (const [rule, name, expected] of emailCases) {
  test(`email ${rule} ${expected ? "fits" : "does not fit"} ${name}`, () => {
    expect(fits({ emails: [rule] }, { emails: [name] })).toBe(expected);
  });
}

test("common names, organizations and fingerprints are compared by the letter", () => {
  expect(fits({ commonNames: ["a", "b"] }, { commonNames: ["x", "b"] })).toBe(true);
  expect(fits({ commonNames: ["b"] }, { commonNames: ["B"] })).toBe(false);
  expect(fits({ commonNames: ["*"] }, { commonNames: ["b"] })).toBe(false);
  expect(fits({ organizations: ["Acme"] }, { organizations: ["Acme"] })).toBe(true);
  expect(fits({ organizations: ["Acme"] }, { organizations: ["Acme Inc"] })).toBe(false);
  expect(fits({ fingerprints: [SHA256] }, {})).toBe(true);
  expect(fits({ fingerprints: ["cd".repeat(32)] }, {})).toBe(false);
});

test("a name counts as one of its own kind only", () => {
  const name = "billing.example.com";
  const all = { dnsNames: [name], uris: [name], emails: [name], commonNames: [name], organizations: [name] };
  expect(fits({ dnsNames: [pattern(name)] }, { ...all, dnsNames: [] })).toBe(false);
  expect(fits({ uris: [name] }, { ...all, uris: [] })).toBe(false);
  expect(fits({ commonNames: [name] }, { ...all, commonNames: [] })).toBe(false);
  expect(fits({ organizations: [name] }, { ...all, organizations: [] })).toBe(false);
  expect(fits({ emails: ["a@b"] }, { ...all, uris: ["a@b"], commonNames: ["a@b"] })).toBe(false);
});

test("every list of a rule has to have an entry that fits", () => {
  const rule: CertificateRule = { dnsNames: [pattern("a.example"), pattern("b.example")], organizations: ["Acme"] };
  expect(fits(rule, { dnsNames: ["b.example"], organizations: ["Acme"] })).toBe(true);
  expect(fits(rule, { dnsNames: ["b.example"] })).toBe(false);
  expect(fits(rule, { organizations: ["Acme"] })).toBe(false);
});

test("one rule of several is enough, and none are not", () => {
  const rules = [{ commonNames: ["a"] }, { commonNames: ["b"] }];
  expect(fitsAny(rules, certificate({ commonNames: ["b"] }))).toBe(true);
  expect(fitsAny(rules, certificate({ commonNames: ["c"] }))).toBe(false);
  expect(fitsAny([], certificate({ commonNames: ["b"] }))).toBe(false);
});

test("a rule that asks for nothing, or has an empty list, fits nobody", () => {
  expect(fits({}, { commonNames: ["a"] })).toBe(false);
  expect(fits({ dnsNames: [] }, { dnsNames: ["a.example"] })).toBe(false);
  expect(fits({ commonNames: ["a"], fingerprints: [] }, { commonNames: ["a"] })).toBe(false);
});

test("a certificate with a NUL in its name fits neither half of it", () => {
  const read = readCertificate(derOf("nul.pem"));
  if ("problem" in read) throw new Error(read.problem);
  for (const name of ["good.example", "evil.example", "*.evil.example", "*.example"]) {
    expect(fitsRule({ dnsNames: [pattern(name)] }, { ...read, sha256: SHA256 })).toBe(false);
  }
  expect(fitsRule({ commonNames: ["fine"] }, { ...read, sha256: SHA256 })).toBe(false);
});
