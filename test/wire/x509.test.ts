import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";

import { type Certificate, KEY_USAGE, MAX_CERTIFICATE_BYTES, readCertificate } from "../../src/wire/x509.ts";
import { readRevocationList } from "../../src/wire/x509-crl.ts";
import { derOf, x509Fixtures } from "../support/pem.ts";
import { Random } from "../support/random.ts";

function read(name: string): Certificate {
  const certificate = readCertificate(derOf(name));
  if ("problem" in certificate) throw new Error(`${name}: ${certificate.problem}`);
  return certificate;
}

/** A certificate with one run of bytes in place of another of the same length. */
function patched(name: string, from: string, to: string): Uint8Array {
  const bytes = derOf(name);
  const at = Buffer.from(bytes).indexOf(Buffer.from(from, "hex"));
  if (at === -1) throw new Error(`${from} is not in ${name}`);
  bytes.set(Buffer.from(to, "hex"), at);
  return bytes;
}

test("every kind of name goes to its own list, in the order of the certificate", () => {
  const { commonNames, organizations, dnsNames, uris, emails, ips, dropped } = read("names.pem");
  expect({ commonNames, organizations, dnsNames, uris, emails, ips, dropped }).toEqual({
    commonNames: ["first name", "second"],
    organizations: ["Büro Example", "Second"],
    dnsNames: ["upper.example.com", "*.apps.example.com"],
    uris: ["spiffe://example/billing", "urn:x:Y"],
    emails: ["Some.One@Example.com"],
    ips: ["192.0.2.7", "2001:db8::7"],
    dropped: false,
  });
});

test("extended key usages are numbers, and absent where the certificate has none", () => {
  expect(read("names.pem").extendedKeyUsages).toEqual([KEY_USAGE.clientAuth, "1.3.6.1.4.1.99999.1"]);
  expect(read("chained.pem")).not.toHaveProperty("extendedKeyUsages");
});

test("texts in the older alphabets are read", () => {
  expect(read("bmp.pem").commonNames).toEqual(["Grüße Ω"]);
  expect(read("t61.pem").commonNames).toEqual(["Grüße"]);
});

for (const name of ["nul.pem", "feed.pem"]) {
  test(`a name with a control character leaves the certificate without any name: ${name}`, () => {
    const { commonNames, organizations, dnsNames, uris, emails, ips, dropped } = read(name);
    expect([commonNames, organizations, dnsNames, uris, emails, ips].flat()).toEqual([]);
    expect(dropped).toBe(true);
  });
}

test("a name that is not of its alphabet leaves the certificate without any name", () => {
  // "first name" is a UTF8String, which cannot have the byte ff.
  const invalid = readCertificate(patched("names.pem", "6669727374206e616d65", "66697273ff206e616d65"));
  expect(invalid).toMatchObject({ dropped: true, commonNames: [], dnsNames: [] });
  const notAscii = readCertificate(patched("names.pem", "75726e3a783a59", "75726e3ae43a59"));
  expect(notAscii).toMatchObject({ dropped: true, commonNames: [], uris: [] });
});

test("keys are told by algorithm and strength", () => {
  expect(read("names.pem").publicKey).toEqual({ algorithm: "rsa", bits: 2048 });
  expect(read("weak.pem").publicKey).toEqual({ algorithm: "rsa", bits: 1024 });
  expect(read("pss.pem").publicKey).toEqual({ algorithm: "rsa-pss", bits: 2048 });
  expect(read("chained.pem").publicKey).toEqual({ algorithm: "ec", bits: 256, curve: "P-256" });
  expect(read("root.pem").publicKey).toEqual({ algorithm: "ec", bits: 384, curve: "P-384" });
  expect(read("p521.pem").publicKey).toEqual({ algorithm: "ec", bits: 521, curve: "P-521" });
  expect(read("k1.pem").publicKey).toEqual({ algorithm: "ec", bits: 0, curve: "1.3.132.0.10" });
  expect(read("ed25519.pem").publicKey).toEqual({ algorithm: "ed25519", bits: 256 });
});

test("signatures that can be forged are told", () => {
  expect(read("weak.pem").weakSignature).toBe("SHA-1");
  expect(read("names.pem")).not.toHaveProperty("weakSignature");
});

test("only a certificate that says so may issue others", () => {
  const authorities = x509Fixtures(".pem").filter((name) => read(name).ca);
  expect(authorities).toEqual(["intermediate.pem", "issuing.pem", "other.pem", "root.pem"]);
  expect(read("v1.pem")).toMatchObject({ version: 1, ca: false, selfIssued: true });
  expect(read("intermediate.pem").selfIssued).toBe(false);
  expect(read("intermediate.pem").issuer).toBe(read("root.pem").subject);
});

test("all fixtures say the same to the reader of the runtime", () => {
  for (const name of x509Fixtures(".pem")) {
    const der = derOf(name);
    const ours = read(name);
    const theirs = new X509Certificate(der);
    expect(ours.ca).toBe(theirs.ca);
    expect(new Date(ours.notBeforeMs)).toEqual(new Date(theirs.validFrom));
    expect(new Date(ours.notAfterMs)).toEqual(new Date(theirs.validTo));
    expect(ours.extendedKeyUsages ?? []).toEqual([...(theirs.keyUsage ?? [])]);
    if (ours.dropped) continue;
    const alternative = theirs.subjectAltName ?? "";
    for (const dnsName of ours.dnsNames) expect(alternative.toLowerCase()).toContain(`DNS:${dnsName}`.toLowerCase());
    for (const uri of ours.uris) expect(alternative).toContain(`URI:${uri}`);
    for (const email of ours.emails) expect(alternative).toContain(`email:${email}`);
    for (const commonName of ours.commonNames) expect(theirs.subject).toContain(`CN=${commonName}`);
  }
});

test("dates are read in both forms, and refused when there is no such day", () => {
  const utc = Buffer.from("210101000000Z").toString("hex");
  expect(readCertificate(derOf("root.pem"))).toMatchObject({ notAfterMs: read("root.pem").notAfterMs });
  const list = readRevocationList(patched("over.crl", Buffer.from("200101000000Z").toString("hex"), utc));
  expect(list?.thisUpdateMs).toBe(Date.UTC(2021, 0, 1));
  for (const wrong of [
    "200230000000Z",
    "201301000000Z",
    "200101240000Z",
    "20010100000ZZ",
    "200101000060Z",
    "2001010000+01",
  ]) {
    const bytes = patched("over.crl", Buffer.from("200101000000Z").toString("hex"), Buffer.from(wrong).toString("hex"));
    expect(readRevocationList(bytes)).toBeUndefined();
  }
});

test("a certificate that ends early, or goes on, is none", () => {
  for (const name of x509Fixtures(".pem")) {
    const der = derOf(name);
    for (let length = 0; length < der.length; length++) {
      expect(readCertificate(der.subarray(0, length))).toHaveProperty("problem");
    }
    expect(readCertificate(Uint8Array.of(...der, 0))).toHaveProperty("problem");
  }
  expect(readCertificate(new Uint8Array(MAX_CERTIFICATE_BYTES + 1))).toHaveProperty("problem");
});

test("a length in another form than DER's is refused", () => {
  const der = derOf("root.pem");
  // 30 82 hh ll becomes 30 83 00 hh ll: the same length, with a zero before it.
  expect(readCertificate(Uint8Array.of(0x30, 0x83, 0, ...der.subarray(2)))).toHaveProperty("problem");
  expect(readCertificate(Uint8Array.of(0x30, 0x80, ...der.subarray(4), 0, 0))).toHaveProperty("problem");
});

test("an extension that is there twice is refused", () => {
  // The extended key usage is renamed: two certificates could be seen in it.
  expect(readCertificate(patched("names.pem", "0603551d25", "0603551d11"))).toHaveProperty("problem");
});

test("a flipped bit anywhere never makes it throw, nor lets a control character through", () => {
  for (const name of ["names.pem", "chained.pem", "bmp.pem", "v1.pem"]) {
    const der = derOf(name);
    for (let bit = 0; bit < der.length * 8; bit++) {
      const bytes = Uint8Array.from(der);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const read = readCertificate(bytes);
      if ("problem" in read) continue;
      const names = [read.commonNames, read.organizations, read.dnsNames, read.uris, read.emails].flat().join("");
      expect(/[\p{Cc}]/u.test(names)).toBe(false);
    }
  }
});

test("no bytes make it throw", () => {
  const all = [...x509Fixtures(".pem"), ...x509Fixtures(".crl")].map(derOf);
  for (let seed = 0; seed < 5000; seed++) {
    const random = new Random(seed);
    const der = Uint8Array.from(all[random.below(all.length)] ?? []);
    for (let changes = random.below(6); changes >= 0; changes--) der[random.below(der.length)] = random.below(256);
    const bytes = random.chance(4) ? random.bytes(random.below(300)) : der;
    readCertificate(bytes);
    readRevocationList(bytes);
  }
});

test("a list of revoked certificates says whose it is and when the next one is due", () => {
  expect(readRevocationList(derOf("root.crl"))?.issuer).toBe(read("root.pem").subject);
  expect(readRevocationList(derOf("over.crl"))).toEqual({
    issuer: read("root.pem").subject,
    thisUpdateMs: Date.UTC(2020, 0, 1),
    nextUpdateMs: Date.UTC(2020, 1, 1),
  });
  const der = derOf("root.crl");
  for (let length = 0; length < der.length; length++)
    expect(readRevocationList(der.subarray(0, length))).toBeUndefined();
  expect(readRevocationList(derOf("root.pem"))).toBeUndefined();
});
