// From the bytes of a file, or a text in a route, to blocks of PEM; and from blocks to certificates. People mix up files and
// formats more than they make mistakes within them, so what was found instead is said, and how to convert it.

import { type Certificate, readCertificate } from "../wire/x509.ts";
import { parsePem, type PemBlock } from "../wire/pem.ts";
import { type CredentialPart, type Findings, WANTED } from "./credential-finding.ts";

/** A text that a route refers to. */
export interface CredentialText {
  /** How messages call it: `"certs/db.crt"` or `The text`. */
  readonly called: string;
  /** For commands in hints. */
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** One certificate of a text. */
export interface ReadCertificate {
  readonly der: Uint8Array;
  readonly certificate: Certificate;
}

/** What lines of dashes call a private key. */
const KEY_LABEL = /(?:^| )PRIVATE KEY$/;
const CERTIFICATE_LABELS: ReadonlySet<string> = new Set(["CERTIFICATE", "X509 CERTIFICATE"]);
/** Labels come from the text, and a text without sense can have many. */
const MAX_LABELS_SHOWN = 3;

/** Whether a block says that it is a private key. */
export function isKeyBlock({ label }: PemBlock): boolean {
  return KEY_LABEL.test(label);
}

/** Whether a block says that it is a certificate. */
export function isCertificateBlock({ label }: PemBlock): boolean {
  return CERTIFICATE_LABELS.has(label);
}

/** The blocks of a text, at least one; `undefined` when there is none, or not all of it, which was told then. */
export function readBlocks(
  text: CredentialText,
  part: CredentialPart,
  findings: Findings,
): readonly PemBlock[] | undefined {
  const { called, bytes } = text;
  const { blocks, cut } = parsePem(new TextDecoder("utf-8").decode(bytes));
  if (cut) {
    const message = `${called} ends in the middle: a line "BEGIN" has no line "END"`;
    findings.error(part, "cut-off", message, "It may not be written yet, or not be copied as a whole");
    return undefined;
  }
  if (blocks.length > 0) return blocks;
  const wanted = `wanted is ${WANTED[part]} in PEM`;
  if (bytes.length === 0) findings.error(part, "not-pem", `${called} is empty: ${wanted}`);
  else if (bytes[0] === 0x30) findings.error(part, "der", `${called} is in DER: ${wanted}`, derHint(text, part));
  else if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    findings.error(part, "not-pem", `${called} is UTF-16: ${wanted}`, "Save it as UTF-8");
  else {
    const hint = 'A text in PEM begins with a line of dashes and "BEGIN"';
    findings.error(part, "not-pem", `${called} is not in PEM: ${wanted}`, hint);
  }
  return undefined;
}

/** What the blocks of a text are called, for a message about what is not among them. */
export function listLabels(blocks: readonly PemBlock[]): string {
  const labels = [...new Set(blocks.map(({ label }) => `"${label}"`))];
  const shown = labels.slice(0, MAX_LABELS_SHOWN).join(", ");
  return labels.length > MAX_LABELS_SHOWN ? `${shown} and others` : shown;
}

/** All certificates of a text, at least one; `undefined` when something is wrong with it, which was told then. */
export function readCertificates(
  text: CredentialText,
  part: "certificate" | "ca",
  findings: Findings,
): readonly ReadCertificate[] | undefined {
  const blocks = readBlocks(text, part, findings);
  if (blocks === undefined) return undefined;
  const { called, file } = text;
  const own = blocks.filter(isCertificateBlock);
  if (own.length === 0) {
    if (blocks.some(isKeyBlock)) {
      const hint =
        part === "certificate" ? 'The certificate is written under "certificate", its key under "key"' : undefined;
      findings.error(part, "key-as-certificate", `${called} has a private key: wanted is ${WANTED[part]}`, hint);
    } else {
      const message = `${called} has no certificate, only ${listLabels(blocks)}`;
      findings.error(part, "no-certificate", message, labelHint(blocks, file));
    }
    return undefined;
  }
  const read: ReadCertificate[] = [];
  for (const [index, { bytes }] of own.entries()) {
    const certificate = bytes === undefined ? { problem: "it is not base64" } : readCertificate(bytes);
    if (bytes !== undefined && !("problem" in certificate)) read.push({ der: bytes, certificate });
    else {
      const which = own.length === 1 ? "The certificate" : `Certificate ${index + 1}`;
      const why = "problem" in certificate ? certificate.problem : "it is not base64";
      findings.error(part, "bad-certificate", `${which} in ${lowerFirst(called)} cannot be read: ${why}`);
    }
  }
  return read.length === own.length ? read : undefined;
}

/** What people know a certificate by, for messages. */
export function nameOf({ commonNames, dnsNames, organizations }: Certificate): string {
  const [name] = [...commonNames, ...dnsNames, ...organizations];
  return name === undefined ? "without a name" : `"${name.slice(0, 64)}"`;
}

/** A phrase within a sentence. */
export function lowerFirst(called: string): string {
  return called.startsWith("The ") ? `the ${called.slice(4)}` : called;
}

/** In DER, a PKCS #12 container begins with version 3; certificates, keys and lists with something else or a lower number. */
function isPkcs12(bytes: Uint8Array): boolean {
  const length = bytes[1] ?? 0;
  const at = length > 0x80 ? 2 + (length & 0x7f) : 2;
  return bytes[at] === 0x02 && bytes[at + 1] === 0x01 && bytes[at + 2] === 0x03;
}

function derHint({ file, bytes }: CredentialText, part: CredentialPart): string {
  const from = quoteWord(file);
  const to = quoteWord(`${file.replace(/\.(?:der|cer|crt|key|crl|p12|pfx)$/i, "")}.pem`);
  if (isPkcs12(bytes)) {
    const only = part === "key" ? "-nocerts -nodes" : "-nokeys";
    return `Convert it with: openssl pkcs12 -in ${from} ${only} -out ${to}`;
  }
  const command = part === "key" ? "pkey" : part === "crl" ? "crl" : "x509";
  return `Convert it with: openssl ${command} -inform DER -in ${from} -out ${to}`;
}

function labelHint(blocks: readonly PemBlock[], file: string): string | undefined {
  const labels = new Set(blocks.map(({ label }) => label));
  if (labels.has("TRUSTED CERTIFICATE")) return `Convert it with: openssl x509 -in ${quoteWord(file)}`;
  if (labels.has("PKCS7")) return `Convert it with: openssl pkcs7 -print_certs -in ${quoteWord(file)}`;
  if (labels.has("CERTIFICATE REQUEST")) return "A request becomes a certificate when an authority signs it";
  return undefined;
}

/** A word for a shell. */
export function quoteWord(word: string): string {
  return /^[\w./:@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
