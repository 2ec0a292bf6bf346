// Where a certificate, a key or a list of revoked ones is: a path, or the text itself. Of a text only its BEGIN lines are
// looked at, and it is never shown: whether it can be used is found out by whoever reads it.

import { isSecretive } from "../base/conceal.ts";
import { quote, type Refuse, rule } from "./rule.ts";
import type { PemSource } from "./tls.ts";

/** What a text in PEM can be wanted for. */
export type PemKind = "certificate" | "key" | "crl";

/** As the kernel has it. */
const MAX_PATH_BYTES = 4095;
const BEGIN = "-----BEGIN ";
/** The same line in base64, as Kubernetes has it in a Secret. */
const BEGIN_IN_BASE64 = "LS0tLS1";
/** DER in base64, without the lines around it. */
const DER_IN_BASE64 = /^M[C-I][A-Za-z0-9+/]{40,}/;

const WANTED: Readonly<Record<PemKind, { readonly what: string; readonly label: RegExp }>> = {
  certificate: { what: "a certificate", label: /^(?:X509 |TRUSTED )?CERTIFICATE$/ },
  key: { what: "a private key", label: /PRIVATE KEY$/ },
  crl: { what: "a list of revoked certificates", label: /^X509 CRL$/ },
};

/** A path, or a text in PEM with what is wanted in it. */
export function pemRule(kind: PemKind) {
  return rule((value, refuse): PemSource | undefined => {
    if (typeof value === "string" && value.includes(BEGIN)) {
      return isUsable(value, kind, refuse) ? { text: value } : undefined;
    }
    if (typeof value === "string" && isBare(value.trim())) {
      const message = `Expected ${WANTED[kind].what}: the path of a file or a text in PEM, found base64 without a BEGIN line`;
      const hint = `Decode it with: base64 -d. Or write the path of a file, or the text in PEM with its line "${BEGIN}…"`;
      refuse("not-pem", message, hint);
      return undefined;
    }
    const bytes = typeof value === "string" ? new TextEncoder().encode(value).length : 0;
    // A path can have line breaks, but nobody means one: it is a text that lost its BEGIN line.
    if (typeof value === "string" && bytes > 0 && bytes <= MAX_PATH_BYTES && !/[\0\n\r]/.test(value)) {
      return { file: value };
    }
    const found = typeof value === "string" && bytes > 0 ? "another text" : quote(value);
    const message = `Expected ${WANTED[kind].what}: the path of a file or a text in PEM, found ${found}`;
    refuse("bad-pem", message, found === "another text" ? `A text in PEM has a line "${BEGIN}…"` : undefined);
    return undefined;
  });
}

/** Whether a text is what PEM has inside, or PEM in base64 once more. It must not be taken for a path: paths are shown. */
function isBare(text: string): boolean {
  if (text.startsWith(BEGIN_IN_BASE64) || DER_IN_BASE64.test(text)) return true;
  return !text.startsWith("/") && !text.includes(".") && isSecretive(text);
}

function isUsable(text: string, kind: PemKind, refuse: Refuse): boolean {
  const labels = Array.from(text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g), ([, label = ""]) => label);
  const { what, label: wanted } = WANTED[kind];
  if (!labels.some((label) => wanted.test(label))) {
    const isKey = labels.some((label) => WANTED.key.label.test(label));
    const isCertificate = labels.some((label) => WANTED.certificate.label.test(label));
    if (isKey) refuse("key-in-place", `Expected ${what}, found a private key`, 'Private keys are written under "key"');
    else if (isCertificate) {
      const hint = kind === "key" ? 'Certificates are written under "certificate"' : undefined;
      refuse("certificate-in-place", `Expected ${what}, found a certificate`, hint);
    } else
      refuse("bad-pem", `Expected ${what}, found ${labels.map(quote).join(" and ") || "an unreadable BEGIN line"}`);
    return false;
  }
  if (kind !== "key" || !(labels.includes("ENCRYPTED PRIVATE KEY") || /^Proc-Type: *4, *ENCRYPTED/m.test(text)))
    return true;
  const hint = "Take the encryption off with: openssl pkey -in FILE -out FILE";
  refuse("encrypted-key", "The private key is encrypted, and there is nobody to ask for its passphrase", hint);
  return false;
}
