// Judges the certificate that a client showed. The chain was verified by the TLS library; whether that succeeded is asked
// here, on every connection, and so is what the library lets pass. In doubt the answer is no.

import { createHash } from "node:crypto";
import type { ClientAuthPlan } from "../../plan/plan.ts";
import type { ClientCertificate } from "../../resource/certificate-match.ts";
import type { Handshake } from "../../runtime/tls.ts";
import { type Certificate, KEY_USAGE, readCertificate } from "../../wire/x509.ts";

/** A certificate that may be believed. */
export interface BelievedCertificate extends ClientCertificate {
  /** What it is called in logs: its common name, else its first alternative name, else its fingerprint. */
  readonly label: string;
}

/** `none`: the client showed no certificate and need not. The reason of a refusal is fit for a log. */
export type CertificateVerdict = "none" | { readonly refused: string } | { readonly certificate: BelievedCertificate };

/** No name is longer that a person would look for in a log. */
const MAX_LABEL_CHARS = 128;
/** Anything shorter can be forged by those who have the means (NIST SP 800-57, table 2). */
const MIN_RSA_BITS = 2048;

/** Whether a client may come in as far as its certificate goes. `nowMs` in milliseconds since 1970. */
export function judgeClient(
  { certificate: der, distrust }: Handshake,
  { mode }: Pick<ClientAuthPlan, "mode">,
  nowMs: number,
): CertificateVerdict {
  if (der === undefined) return mode === "request" ? "none" : { refused: "No certificate" };
  if (distrust !== undefined) return { refused: distrust };
  const certificate = readCertificate(der);
  if ("problem" in certificate) return { refused: `Unreadable certificate: ${certificate.problem}` };
  const problem = problemOf(certificate, nowMs);
  if (problem !== undefined) return { refused: problem };
  const sha256 = createHash("sha256").update(der).digest("hex");
  return { certificate: { ...certificate, sha256, label: labelOf(certificate, sha256) } };
}

function problemOf(certificate: Certificate, nowMs: number): string | undefined {
  const { ca, publicKey, weakSignature, extendedKeyUsages, notBeforeMs, notAfterMs } = certificate;
  if (ca) return "The certificate is one of an authority, not of a client";
  if (weakSignature !== undefined) return `The certificate is signed with ${weakSignature}`;
  if (publicKey.algorithm.startsWith("rsa") && publicKey.bits < MIN_RSA_BITS)
    return `The key has ${publicKey.bits} bits`;
  const restricted = extendedKeyUsages !== undefined;
  if (restricted && !extendedKeyUsages.some((use) => use === KEY_USAGE.clientAuth || use === KEY_USAGE.any)) {
    return "The certificate is not meant for clients";
  }
  if (nowMs < notBeforeMs) return "The certificate is not valid yet";
  return nowMs > notAfterMs ? "The certificate has expired" : undefined;
}

function labelOf({ commonNames, dnsNames, uris, emails }: Certificate, sha256: string): string {
  const [name = `sha256:${sha256}`] = [...commonNames, ...dnsNames, ...uris, ...emails].filter((each) => each !== "");
  return name.slice(0, MAX_LABEL_CHARS);
}
