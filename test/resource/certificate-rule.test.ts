// What a rule for client certificates means, and that nothing can be written that fits more than it seems to.

import { expect, test } from "bun:test";
import * as v from "valibot";

import { certificateRulesRule } from "../../src/resource/certificate-rule.ts";
import { Random } from "../support/random.ts";
import { bare, route, told } from "../support/written-route.ts";

const TLS = "tls: {mode: terminate, certificate: a, key: a, clientAuth: {ca: a}}";

test("names are in the form in which they are compared", async () => {
  const rule = `
    dnsNames: [Billing.APPS., "*.apps"]
    uris: ["spiffe://acme/billing", "spiffe://acme/billing/*", "urn:uuid:1"]
    emails: [Ops@Example.COM, "*@Example.com"]
    commonNames: [Billing, "Ünï"]
    organizations: ["Example, Ltd."]`;
  expect((await route(`${TLS}\nmatch:\n  clientCert:${rule}`)).clientCert).toEqual([
    {
      dnsNames: [
        { name: "billing.apps", wildcard: "none" },
        { name: "apps", wildcard: "one-label" },
      ],
      uris: ["spiffe://acme/billing", "spiffe://acme/billing/*", "urn:uuid:1"],
      emails: ["Ops@example.com", "*@example.com"],
      commonNames: ["Billing", "Ünï"],
      organizations: ["Example, Ltd."],
    },
  ]);
});

test("a list of rules is as written", async () => {
  const rules = "[{commonNames: [a]}, {commonNames: [b], emails: [c@d]}]";
  expect((await route(`${TLS}\nmatch: {clientCert: ${rules}}`)).clientCert).toEqual([
    { commonNames: ["a"] },
    { commonNames: ["b"], emails: ["c@d"] },
  ]);
});

const DIGITS = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const PAIRS = DIGITS.toUpperCase().replaceAll(/..(?!$)/g, "$&:");

test.each([DIGITS, DIGITS.toUpperCase(), PAIRS, `sha256:${DIGITS}`, `SHA256:${PAIRS}`, `sha256 Fingerprint=${PAIRS}`])(
  "%s is a fingerprint, however a tool prints it",
  async (written) => {
    const { clientCert } = await route(`${TLS}\nmatch: {clientCert: {fingerprints: [${JSON.stringify(written)}]}}`);
    expect(clientCert).toEqual([{ fingerprints: [DIGITS] }]);
  },
);

const PRINT = "(Print it with: openssl x509 -in FILE -noout -fingerprint -sha256)";
const FINGERPRINT = "route/bad-fingerprint Expected 64 hexadecimal digits of a SHA-256 fingerprint, found";

test.each([
  [
    `fingerprints: [${PAIRS.slice(0, 59)}]`,
    `route/weak-fingerprint Expected a SHA-256 fingerprint, found one of SHA-1 ${PRINT}`,
  ],
  [
    `fingerprints: ["SHA1:${PAIRS.slice(0, 59)}"]`,
    `route/weak-fingerprint Expected a SHA-256 fingerprint, found one of SHA1 ${PRINT}`,
  ],
  [`fingerprints: [${DIGITS}0]`, `${FINGERPRINT} 65 digits ${PRINT}`],
  ["fingerprints: [12]", `${FINGERPRINT} 12 (Write it in quotes)`],
  [
    "dnsNames: [10.0.0.1]",
    'route/ip-hostname Cannot use "10.0.0.1" as a host name: it is an address (Only names of certificates are compared, never their addresses)',
  ],
  ["dnsNames: billing.apps", 'route/wrong-type Expected a list, found "billing.apps" (Write ["billing.apps"])'],
])("{%s} is refused, and the message helps", async (rule, expected) => {
  expect(await told(`${TLS}\nmatch: {clientCert: {${rule}}}`)).toEqual([expected]);
});

test("a rule is refused whose name was only meant to be one", async () => {
  const wanted =
    "Expected a rule with at least one of dnsNames, uris, emails, commonNames, organizations, fingerprints, found";
  expect(await told(`${TLS}\nmatch: {clientCert: ops@example.com}`)).toEqual([
    `route/wrong-type ${wanted} "ops@example.com" (Write {emails: ["ops@example.com"]})`,
  ]);
});

test("whatever is written, no list is empty and no star stands for everything", () => {
  const parts = ["*", "a", "A", ".", "://", ":", "/", "@", "ü", " ", "\n", "1", "ff", "sha256:", "spiffe", ""];
  const keys = ["dnsNames", "uris", "emails", "commonNames", "organizations", "fingerprints"];
  let good = 0;
  for (let seed = 0; seed < 20_000; seed++) {
    const random = new Random(seed);
    const text = Array.from({ length: random.below(7) }, () => parts[random.below(parts.length)] ?? "").join("");
    const result = v.safeParse(certificateRulesRule, bare({ [keys[random.below(keys.length)] ?? ""]: [text] }));
    if (!result.success) continue;
    good++;
    const [rule = {}] = result.output;
    const [list = []] = Object.values(rule);
    expect(list.length).toBe(1);
    for (const name of rule.dnsNames ?? []) expect(name.wildcard).not.toBe("all");
    for (const uri of rule.uris ?? []) {
      expect(uri).toMatch(/^[A-Za-z][^:]*:[^*]+\*?$/);
      if (uri.endsWith("*")) expect(uri).toMatch(/^[A-Za-z][^:/]*:\/\/[^/*]+\/[^*]*\*$/);
    }
    for (const email of rule.emails ?? []) expect(email).toMatch(/^(?:\*|[^*@]+)@[^*@A-Z]+$/);
    for (const name of [...(rule.commonNames ?? []), ...(rule.organizations ?? [])]) {
      expect(name).not.toMatch(/^\*(?:$|\.)|\n/);
    }
  }
  expect(good).toBeGreaterThan(1000);
});
