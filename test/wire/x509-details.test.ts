import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";

import { type CertificateDetails, readCertificateDetails } from "../../src/wire/x509-details.ts";
import { signatureName } from "../../src/wire/x509-signature.ts";
import { derOf, pemOf, x509Fixtures } from "../support/pem.ts";
import { Random } from "../support/random.ts";

function read(name: string): CertificateDetails {
  const details = readCertificateDetails(derOf(name));
  if (details === undefined) throw new Error(`${name} cannot be read`);
  return details;
}

/** A certificate with one run of bytes in place of another of the same length, everywhere. */
function patched(name: string, from: string, to: string): Uint8Array {
  return new Uint8Array(Buffer.from(Buffer.from(derOf(name)).toString("hex").replaceAll(hex(from), hex(to)), "hex"));
}

function hex(text: string): string {
  return Buffer.from(text, "latin1").toString("hex");
}

test("names of the subject are there one by one, and all in one text", () => {
  expect(read("names.pem").subject).toEqual({
    text: "CN=second,CN=first name,OU=Left out,O=Second,O=Büro Example,C=CH",
    commonName: "second",
    country: ["CH"],
    locality: [],
    organization: ["Büro Example", "Second"],
    organizationalUnit: ["Left out"],
    postalCode: [],
    province: [],
    streetAddress: [],
  });
  expect(read("names.pem").issuer).toMatchObject({ text: "CN=Example Root,O=Example", commonName: "Example Root" });
});

test("alternative names are there by their kind", () => {
  expect(read("names.pem").san).toEqual({
    text: "DNS:upper.example.com, DNS:*.apps.example.com, email:Some.One@Example.com, IP Address:192.0.2.7, IP Address:2001:db8::7, URI:spiffe://example/billing, URI:urn:x:Y",
    dnsNames: ["upper.example.com", "*.apps.example.com"],
    emailAddresses: ["Some.One@Example.com"],
    ipAddresses: ["192.0.2.7", "2001:db8::7"],
    uris: ["spiffe://example/billing", "urn:x:Y"],
  });
  expect(read("root.pem").san.text).toBe("");
});

test("no name can look like another one in a text", () => {
  const subject = readCertificateDetails(patched("names.pem", "first name", "a,CN=x+O=y"))?.subject;
  expect(subject?.text).toContain("CN=a\\,CN=x\\+O=y,");
  expect(readCertificateDetails(patched("names.pem", "first name", ' #"\\<>;ab '))?.subject.text).toContain(
    'CN=\\ #\\"\\\\\\<\\>\\;ab\\ ,',
  );
  const { text } = readCertificateDetails(patched("names.pem", "urn:x:Y", "u, DNS:"))?.san ?? {};
  expect(text).toEndWith(', URI:"u, DNS:"');
});

test("an attribute without a word is its number and its bytes", () => {
  // The number of the organizational unit, 2.5.4.11, becomes 2.5.4.99.
  const subject = readCertificateDetails(patched("names.pem", "\x55\x04\x0b", "\x55\x04\x63"))?.subject;
  expect(subject?.text).toContain(",2.5.4.99=#0c084c656674206f7574,");
  expect(subject?.organizationalUnit).toEqual([]);
});

test.each(x509Fixtures(".pem").filter((name) => !["nul.pem", "feed.pem"].includes(name)))(
  "number, times and PEM are those that others read: %s",
  (name) => {
    const other = new X509Certificate(pemOf(name));
    const { serialNumber, pem, notBeforeMs, notAfterMs } = read(name);
    expect(serialNumber).toBe(other.serialNumber.toLowerCase().replace(/^0+(?=.)/, ""));
    expect(pem).toBe(other.toString().trimEnd());
    expect([notBeforeMs, notAfterMs]).toEqual([Date.parse(other.validFrom), Date.parse(other.validTo)]);
  },
);

test.each([
  ["names.pem", "ECDSA-SHA256"],
  ["weak.pem", "ECDSA-SHA1"],
  ["ed25519.pem", "Ed25519"],
  ["pss.pem", "SHA256-RSAPSS"],
])("of %s the signature is called %s", (name, wanted) => {
  expect(read(name).signatureAlgorithm).toBe(wanted);
});

test("an algorithm without a name is called by its number", () => {
  expect(signatureName(Uint8Array.of(0x30, 4, 6, 2, 0x2a, 3))).toBe("1.2.3");
  // PSS without parameters is PSS with SHA-1.
  expect(signatureName(Uint8Array.from(Buffer.from("300b06092a864886f70d01010a", "hex")))).toBe(
    "1.2.840.113549.1.1.10",
  );
  expect(signatureName(new Uint8Array())).toBe("");
});

test("extensions come as they are", () => {
  const { extensions } = read("intermediate.pem");
  expect(extensions[0]).toEqual({
    id: "2.5.29.19",
    critical: true,
    value: Uint8Array.from(Buffer.from("30060101ff020100", "hex")),
  });
  expect(read("names.pem").extensions.find(({ id }) => id === "2.5.29.19")?.critical).toBe(false);
  expect(read("v1.pem").extensions).toEqual([]);
});

test("a certificate with a name that is no proper text is not read at all", () => {
  for (const name of ["nul.pem", "feed.pem"]) expect(readCertificateDetails(derOf(name))).toBeUndefined();
  expect(readCertificateDetails(patched("names.pem", "Left out", "Left\0out"))).toBeUndefined();
});

test("bytes that are no certificate are none, and nothing throws", () => {
  const der = derOf("names.pem");
  for (let length = 0; length < der.length; length += 3)
    expect(readCertificateDetails(der.subarray(0, length))).toBeUndefined();
  const random = new Random(5);
  for (let round = 0; round < 3000; round++) {
    const broken = der.slice();
    for (let count = 0; count < 3; count++) broken[random.below(broken.length)] = random.below(256);
    readCertificateDetails(broken);
  }
});
