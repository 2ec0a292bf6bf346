// Reads what a certificate says (X.509, RFC 5280): whom it is about, from when to when, and what it may be used for. It
// verifies nothing: whoever trusts what is read here has had the chain verified before. What two readers could understand
// in two ways is refused. Pure: the fingerprint is computed by those who have a hash.

import { DER, DerReader } from "./der.ts";
import { type PublicKey, readPublicKey, weakSignature } from "./x509-key.ts";
import { type CertificateNames, readNames } from "./x509-names.ts";
import { bytesToText, readTime } from "./x509-text.ts";

/** What one certificate says. */
export interface Certificate extends CertificateNames {
  /** Names of subject and issuer in DER, one character per byte: to compare, not to show. */
  readonly subject: string;
  readonly issuer: string;
  /** Whether both are the same, as in a root; whether it signed itself is not verified. */
  readonly selfIssued: boolean;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: PublicKey;
  /** Number of the algorithm that it was signed with. */
  readonly signatureAlgorithm: string;
  /** The digest of its signature, when that is not to be relied on. */
  readonly weakSignature?: "MD5" | "SHA-1";
  /** Whether it may issue others. Certificates before version 3 cannot say so, and do not. */
  readonly ca: boolean;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Numbers of the uses that it is restricted to; absent: it is not. */
  readonly extendedKeyUsages?: readonly string[];
}

/** What is wrong with bytes that are no certificate: a phrase of ours, without a byte of theirs. */
export interface CertificateProblem {
  readonly problem: string;
}

/** Uses that a certificate may be restricted to. */
export const KEY_USAGE = {
  any: "2.5.29.37.0",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
} as const;

/** As much as BoringSSL takes of a peer's whole chain. */
export const MAX_CERTIFICATE_BYTES = 100 * 1024;

const ALTERNATIVE_NAMES = "2.5.29.17";
const BASIC_CONSTRAINTS = "2.5.29.19";
const EXTENDED_KEY_USAGE = "2.5.29.37";

// Context-specific tags of a certificate's optional parts.
const VERSION = 0xa0;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
const EXTENSIONS = 0xa3;

/** Reads one certificate in DER, which must be all there is. Total: never throws. */
export function readCertificate(der: Uint8Array): Certificate | CertificateProblem {
  if (der.length > MAX_CERTIFICATE_BYTES) return { problem: "it is too large" };
  const outer = new DerReader(der);
  const certificate = outer.open(DER.sequence);
  const body = certificate.open(DER.sequence);
  const signedWith = certificate.open(DER.sequence);
  const signatureAlgorithm = signedWith.oid();
  certificate.read(DER.bitString);
  if (outer.failed || certificate.failed || signedWith.failed) return { problem: "it is not a certificate in DER" };
  if (!outer.done || !certificate.done) return { problem: "something follows the certificate" };
  return readBody(body, signatureAlgorithm);
}

function readBody(body: DerReader, signatureAlgorithm: string): Certificate | CertificateProblem {
  const version = readVersion(body);
  body.read(DER.integer); // Serial number.
  body.skip(); // Algorithm of the signature, which is outside of it once more.
  const issuer = body.whole(DER.sequence);
  const validity = body.open(DER.sequence);
  const notBeforeMs = readTime(validity.tag, validity.read(validity.tag));
  const notAfterMs = readTime(validity.tag, validity.read(validity.tag));
  const subject = body.whole(DER.sequence);
  const keyInfo = body.whole(DER.sequence);
  body.skipIf(ISSUER_ID);
  body.skipIf(SUBJECT_ID);
  const extensions = body.tag === EXTENSIONS ? readExtensions(body.open(EXTENSIONS)) : new Map<string, Uint8Array>();
  if (body.failed || !body.done || validity.failed || version === undefined) {
    return { problem: "it is shorter than its fields, or has others" };
  }
  if (notBeforeMs === undefined || notAfterMs === undefined) return { problem: "its dates are malformed" };
  if (extensions === undefined) return { problem: "its extensions are malformed" };
  const publicKey = readPublicKey(keyInfo);
  if (publicKey === undefined) return { problem: "its public key is malformed" };
  const names = readNames(subject, extensions.get(ALTERNATIVE_NAMES));
  if (names === undefined) return { problem: "its names are malformed" };
  const ca = readCa(extensions.get(BASIC_CONSTRAINTS));
  const extendedKeyUsages = readUsages(extensions.get(EXTENDED_KEY_USAGE));
  if (ca === undefined || extendedKeyUsages === undefined) return { problem: "its extensions are malformed" };
  const issuerText = bytesToText(issuer);
  const subjectText = bytesToText(subject);
  const weak = weakSignature(signatureAlgorithm);
  return {
    ...names,
    subject: subjectText,
    issuer: issuerText,
    selfIssued: subjectText === issuerText,
    notBeforeMs,
    notAfterMs,
    publicKey,
    signatureAlgorithm,
    ...(weak === undefined ? {} : { weakSignature: weak }),
    ca,
    version,
    ...(extendedKeyUsages === "any" ? {} : { extendedKeyUsages }),
  };
}

function readVersion(body: DerReader): number | undefined {
  if (body.tag !== VERSION) return 1;
  const content = body.open(VERSION).read(DER.integer);
  const [version = 3] = content;
  return content.length === 1 && version <= 2 ? version + 1 : undefined;
}

/** Content of each extension by its number; `undefined` when malformed, or when one is there twice. */
function readExtensions(wrapped: DerReader): Map<string, Uint8Array> | undefined {
  const found = new Map<string, Uint8Array>();
  const list = wrapped.open(DER.sequence);
  while (!list.done) {
    const extension = list.open(DER.sequence);
    const type = extension.oid();
    extension.skipIf(DER.boolean);
    const content = extension.read(DER.octetString);
    if (extension.failed || !extension.done || found.has(type)) return undefined;
    found.set(type, content);
  }
  return list.failed || !wrapped.done || wrapped.failed ? undefined : found;
}

function readCa(der: Uint8Array | undefined): boolean | undefined {
  if (der === undefined) return false;
  const constraints = new DerReader(der).open(DER.sequence);
  if (constraints.failed) return undefined;
  if (constraints.tag !== DER.boolean) return false;
  const flag = constraints.read(DER.boolean);
  return flag.length === 1 ? flag[0] !== 0 : undefined;
}

function readUsages(der: Uint8Array | undefined): readonly string[] | "any" | undefined {
  if (der === undefined) return "any";
  const list = new DerReader(der).open(DER.sequence);
  const usages: string[] = [];
  while (!list.done) usages.push(list.oid());
  return list.failed ? undefined : usages;
}
