// Judges a certificate and its key together: whether the gateway can show itself with them. The result has them in one form
// of PEM, without anything that was around them, so that no two readers of PEM can differ about what is in them.

import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";

import type { Identity } from "../resource/credentials.ts";
import { errorCode } from "../runtime/error-code.ts";
import { formatPem, type PemBlock } from "../wire/pem.ts";
import { Findings, type Judged, type Period } from "./credential-finding.ts";
import {
  type CredentialText,
  isCertificateBlock,
  isKeyBlock,
  listLabels,
  lowerFirst,
  nameOf,
  quoteWord,
  readBlocks,
  type ReadCertificate,
  readCertificates,
} from "./credential-text.ts";

/** What is weaker is refused by the clients of today. */
const MIN_RSA_BITS = 2048;
/** Those that TLS 1.3 and BoringSSL have. */
const CURVES: ReadonlySet<string> = new Set(["prime256v1", "secp384r1", "secp521r1"]);
const SUPPORTED = "wanted is RSA of at least 2048 bits, ECDSA with P-256, P-384 or P-521, or Ed25519";

/** Judges a certificate with its chain, and its key. Never throws. */
export function judgeIdentity(certificateText: CredentialText, keyText: CredentialText): Judged<Identity> {
  const findings = new Findings();
  const chain = readCertificates(certificateText, "certificate", findings);
  const key = readKey(keyText, findings);
  const periods = chain === undefined ? [] : periodsOf(chain);
  if (chain !== undefined) judgeChain(chain, findings);
  const [leaf] = chain ?? [];
  if (chain === undefined || leaf === undefined || key === undefined || findings.failed) {
    return { findings: findings.all, periods };
  }
  const owner = chain.findIndex(({ der }) => belongs(der, key));
  if (owner !== 0) {
    const message = `The key does not belong to the certificate ${nameOf(leaf.certificate)}`;
    const hint =
      owner === -1
        ? "Both are replaced together, when a certificate is renewed"
        : `It belongs to certificate ${owner + 1} of ${lowerFirst(certificateText.called)}, which has to come first`;
    findings.error("key", "key-mismatch", message, hint);
    return { findings: findings.all, periods };
  }
  const identity: Identity = {
    certificate: chain.map(({ der }) => formatPem("CERTIFICATE", der)).join(""),
    key: String(key.export({ type: "pkcs8", format: "pem" })),
    notBeforeMs: leaf.certificate.notBeforeMs,
    notAfterMs: leaf.certificate.notAfterMs,
  };
  try {
    // The last word has the library that will use them.
    createSecureContext({ cert: identity.certificate, key: identity.key });
  } catch (cause) {
    refuseUnusable(leaf, errorCode(cause), findings);
  }
  return { ...(findings.failed ? {} : { value: identity }), findings: findings.all, periods };
}

/** `code`: the library's word, of which nothing was read from a file. */
function refuseUnusable({ certificate }: ReadCertificate, code: string | undefined, findings: Findings): void {
  if (code !== "ERR_SSL_KEY_USAGE_BIT_INCORRECT") {
    const why = code === undefined ? "" : ` (${code})`;
    findings.error("certificate", "unusable", `The TLS library does not take this certificate with its key${why}`);
    return;
  }
  const message = `The certificate ${nameOf(certificate)} is not made for TLS: its key usage has no digital signature`;
  const hint = certificate.ca ? "It is an authority's: let it sign a certificate for the server" : undefined;
  findings.error("certificate", "unusable", message, hint);
}

function readKey(text: CredentialText, findings: Findings): KeyObject | undefined {
  const blocks = readBlocks(text, "key", findings);
  if (blocks === undefined) return undefined;
  const { called } = text;
  const keys = blocks.filter(isKeyBlock);
  const [block] = keys;
  if (block === undefined) {
    if (blocks.some(isCertificateBlock)) {
      const hint = 'The certificate is written under "certificate", its key under "key"';
      findings.error("key", "certificate-as-key", `${called} has a certificate: wanted is its private key`, hint);
    } else findings.error("key", "no-key", `${called} has no private key, only ${listLabels(blocks)}`);
    return undefined;
  }
  if (keys.length > 1) {
    findings.error(
      "key",
      "several-keys",
      `${called} has ${keys.length} private keys: which one is meant cannot be told`,
    );
    return undefined;
  }
  if (block.encrypted || block.label === "ENCRYPTED PRIVATE KEY") {
    const message = `The key in ${lowerFirst(called)} is encrypted, and there is nobody to ask for its passphrase`;
    const hint = `Take the encryption off with: openssl pkey -in ${quoteWord(text.file)} -out ${quoteWord(`${text.file}.plain`)}`;
    findings.error("key", "encrypted-key", message, hint);
    return undefined;
  }
  return openKey(block, called, findings);
}

function openKey({ label, bytes }: PemBlock, called: string, findings: Findings): KeyObject | undefined {
  if (bytes === undefined) {
    findings.error("key", "bad-key", `The key in ${lowerFirst(called)} cannot be read: it is not base64`);
    return undefined;
  }
  let key: KeyObject;
  try {
    key = createPrivateKey(formatPem(label, bytes));
  } catch {
    // What the library says is of no use to people, and might quote what it read.
    const message = `The key in ${lowerFirst(called)} is damaged, or of a kind that is not supported: ${SUPPORTED}`;
    findings.error("key", "unsupported-key", message);
    return undefined;
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const bits = details?.modulusLength ?? 0;
  if (type === "rsa" && bits < MIN_RSA_BITS) {
    findings.error(
      "key",
      "weak-key",
      `The key in ${lowerFirst(called)} is too weak: RSA of ${bits} bits, ${SUPPORTED}`,
    );
  } else if (type !== "rsa" && type !== "ed25519" && !(type === "ec" && CURVES.has(details?.namedCurve ?? ""))) {
    findings.error(
      "key",
      "unsupported-key",
      `The key in ${lowerFirst(called)} is of a kind that is not supported: ${SUPPORTED}`,
    );
  } else return key;
  return undefined;
}

function judgeChain(chain: readonly ReadCertificate[], findings: Findings): void {
  for (const [index, { certificate }] of chain.entries()) {
    const next = chain[index + 1]?.certificate;
    if (next !== undefined && certificate.issuer !== next.subject) {
      const message = `The chain is out of order: certificate ${index + 2} (${nameOf(next)}) did not issue certificate ${index + 1} (${nameOf(certificate)})`;
      findings.warn("certificate", "chain-order", message, "First the certificate itself, then each one's issuer");
      break;
    }
  }
  // Nobody looks at the signature of a root: it is believed for itself.
  const weak = chain.find(({ certificate }) => certificate.weakSignature !== undefined && !certificate.selfIssued);
  if (weak !== undefined) {
    const { certificate } = weak;
    const message = `The certificate ${nameOf(certificate)} is signed with ${certificate.weakSignature}, which clients refuse`;
    findings.warn("certificate", "weak-signature", message, "Have it issued again");
  }
}

function periodsOf(chain: readonly ReadCertificate[]): readonly Period[] {
  return chain.map(({ certificate }, index): Period => {
    const { notBeforeMs: fromMs, notAfterMs: toMs } = certificate;
    const what = `The certificate ${nameOf(certificate)}${index === 0 ? "" : " in the chain"}`;
    return { part: "certificate", kind: "certificate", what, fromMs, toMs };
  });
}

function belongs(der: Uint8Array, key: KeyObject): boolean {
  try {
    return new X509Certificate(der).checkPrivateKey(key);
  } catch {
    // A kind of public key that the library does not know.
    return false;
  }
}
