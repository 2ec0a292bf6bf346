// Which alternative names of a server's certificate count as those that are wanted.

import { describe, expect, test } from "bun:test";

import { parsePem } from "../../src/wire/pem.ts";
import { hasSubjectAltName } from "../../src/wire/x509-server.ts";
import { Random } from "../support/random.ts";
import { tlsPem } from "../support/tls-client.ts";
import { pattern } from "../support/tls-routes.ts";

function decodePem(text: string): Uint8Array {
  const bytes = parsePem(text).blocks[0]?.bytes;
  if (bytes === undefined) throw new Error("There is no PEM");
  return bytes;
}

/** DNS:*.apps.example, DNS:service.example, URI:spiffe://example/db */
const SERVICE = decodePem(tlsPem("service.pem"));

const uris = (...list: readonly string[]) => ({ dnsNames: [], uris: list });
const dns = (...names: readonly string[]) => ({ dnsNames: names.map(pattern), uris: [] });

describe("a DNS name", () => {
  test.each([
    ["itself", "service.example"],
    ["itself, however it is written", "SERVICE.example."],
    ["one label in place of a star of the certificate", "a.apps.example"],
    ["a star that is wanted and there", "*.apps.example"],
    ["a name of one label below a star that is wanted", "*.example"],
    ["and one of more below a star of any depth", "**.example"],
  ])("is %s: %s", (_what, name) => {
    expect(hasSubjectAltName(SERVICE, dns("other.test", name))).toBe(true);
  });

  test.each([
    ["another one", "other.example"],
    ["a name below it", "a.service.example"],
    ["two labels in place of a star of the certificate", "a.b.apps.example"],
    ["what the star is below", "apps.example"],
    ["a star over another name", "*.service.example"],
    ["every name", "*"],
    ["the subject's common name", "service"],
    ["a text of another kind", "db"],
  ])("is not %s: %s", (_what, name) => {
    expect(hasSubjectAltName(SERVICE, dns(name))).toBe(false);
  });
});

test("a URI counts by the letter", () => {
  expect(hasSubjectAltName(SERVICE, uris("spiffe://other", "spiffe://example/db"))).toBe(true);
  for (const uri of ["spiffe://example/", "spiffe://example/db/", "spiffe://EXAMPLE/db", "spiffe://example/*", ""]) {
    expect(hasSubjectAltName(SERVICE, uris(uri))).toBe(false);
  }
});

test("an address, a certificate without alternative names, and no wish at all are nobody's", () => {
  expect(hasSubjectAltName(decodePem(tlsPem("ip.pem")), dns("ip"))).toBe(false);
  expect(hasSubjectAltName(decodePem(tlsPem("clients/common-name.pem")), dns("billing.apps.example.com"))).toBe(false);
  expect(hasSubjectAltName(SERVICE, dns())).toBe(false);
});

test("what is no certificate has no names, and is no error", () => {
  const random = new Random(5);
  const all = { dnsNames: [pattern("**.example")], uris: ["spiffe://example/db"] };
  for (let round = 0; round < 300; round++) {
    const bytes = SERVICE.slice(0, random.below(SERVICE.length));
    expect(hasSubjectAltName(bytes, all)).toBe(false);
    const broken = SERVICE.slice();
    broken[random.below(broken.length)] = random.below(256);
    expect(typeof hasSubjectAltName(broken, all)).toBe("boolean");
  }
});
