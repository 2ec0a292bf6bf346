// All that one may want to know of a certificate in words: names, number, times, extensions. For people who write rules about
// certificates; whether one is to be believed is decided elsewhere, and before.

import { formatPem } from "./pem.ts";
import { DER, DerReader } from "./der.ts";
import { type DistinguishedName, readDistinguishedName } from "./x509-distinguished-name.ts";
import { readNames } from "./x509-names.ts";
import { signatureName } from "./x509-signature.ts";
import { readTime } from "./x509-text.ts";

/** What a certificate says. */
export interface CertificateDetails {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly san: AlternativeNames;
  /** Hexadecimal, lower case, without zeros in front. */
  readonly serialNumber: string;
  /** See `signatureName`. */
  readonly signatureAlgorithm: string;
  /** Without a line feed at its end. */
  readonly pem: string;
  /** Milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** In the order of the certificate. */
  readonly extensions: readonly Extension[];
}

/** Subject alternative names, as `CertificateNames` has them. */
export interface AlternativeNames {
  /** As OpenSSL writes them: `DNS:a.example, IP Address:192.0.2.1`. */
  readonly text: string;
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly ipAddresses: readonly string[];
  readonly uris: readonly string[];
}

export interface Extension {
  /** Its number, such as `2.5.29.15`. */
  readonly id: string;
  readonly critical: boolean;
  /** DER. */
  readonly value: Uint8Array;
}

// Context-specific tags of a certificate's optional parts.
const VERSION = 0xa0;
const ISSUER_ID = 0x81;
const SUBJECT_ID = 0x82;
const EXTENSIONS = 0xa3;
const ALTERNATIVE_NAMES = "2.5.29.17";

/** Reads a certificate in DER; `undefined` when it is malformed, or has a name that is no proper text. Total. */
export function readCertificateDetails(der: Uint8Array): CertificateDetails | undefined {
  const outer = new DerReader(der);
  const certificate = outer.open(DER.sequence);
  const body = certificate.open(DER.sequence);
  const signatureAlgorithm = signatureName(certificate.whole(DER.sequence));
  body.skipIf(VERSION);
  const serialNumber = body
    .read(DER.integer)
    .toHex()
    .replace(/^0+(?=.)/, "");
  body.skip(); // The algorithm of the signature once more.
  const issuer = readDistinguishedName(body.whole(DER.sequence));
  const validity = body.open(DER.sequence);
  const notBeforeMs = readTime(validity.tag, validity.read(validity.tag));
  const notAfterMs = readTime(validity.tag, validity.read(validity.tag));
  const subjectDer = body.whole(DER.sequence);
  const subject = readDistinguishedName(subjectDer);
  body.skip(); // The public key.
  body.skipIf(ISSUER_ID);
  body.skipIf(SUBJECT_ID);
  const extensions = body.tag === EXTENSIONS ? readExtensions(body.open(EXTENSIONS)) : [];
  if (certificate.failed || body.failed || !body.done || extensions === undefined) return undefined;
  const san = readAlternativeNames(subjectDer, extensions.find(({ id }) => id === ALTERNATIVE_NAMES)?.value);
  if (subject === undefined || issuer === undefined || san === undefined) return undefined;
  if (notBeforeMs === undefined || notAfterMs === undefined) return undefined;
  const pem = formatPem("CERTIFICATE", der).trimEnd();
  return { subject, issuer, san, serialNumber, signatureAlgorithm, pem, notBeforeMs, notAfterMs, extensions };
}

function readExtensions(wrapped: DerReader): readonly Extension[] | undefined {
  const list = wrapped.open(DER.sequence);
  const found: Extension[] = [];
  while (!list.done) {
    const extension = list.open(DER.sequence);
    const id = extension.oid();
    const critical = extension.tag === DER.boolean && extension.read(DER.boolean)[0] !== 0;
    const value = extension.read(DER.octetString);
    if (extension.failed) return undefined;
    found.push({ id, critical, value });
  }
  return list.failed ? undefined : found;
}

function readAlternativeNames(subject: Uint8Array, alternative: Uint8Array | undefined): AlternativeNames | undefined {
  const names = readNames(subject, alternative);
  if (names === undefined || names.dropped) return undefined;
  const { dnsNames, emails: emailAddresses, ips: ipAddresses, uris } = names;
  const text = [
    ...dnsNames.map((name) => `DNS:${quoted(name)}`),
    ...emailAddresses.map((name) => `email:${quoted(name)}`),
    ...ipAddresses.map((name) => `IP Address:${name}`),
    ...uris.map((name) => `URI:${quoted(name)}`),
  ].join(", ");
  return { text, dnsNames, emailAddresses, ipAddresses, uris };
}

/** So that `URI:x, DNS:y` is not two names. */
function quoted(name: string): string {
  return /[",\\]/.test(name) ? JSON.stringify(name) : name;
}
