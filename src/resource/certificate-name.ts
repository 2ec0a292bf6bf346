// The names that a rule for client certificates can ask for, one by one, in the form in which they are compared. A name
// that would fit every certificate, or more of them than it seems to, is refused.

import { type HostnamePattern, parseHostname } from "../base/hostname.ts";
import { readHostname } from "./hostnames-rule.ts";
import { quote, type Refuse } from "./rule.ts";

/** Longer than any that a certificate has. */
const MAX_NAME_CHARS = 2048;

/** A name or `*.` name, never `*`. */
export function readDnsName(value: unknown, refuse: Refuse): HostnamePattern | undefined {
  const pattern = readHostname(value, refuse, "Only names of certificates are compared, never their addresses");
  if (pattern?.wildcard !== "all") return pattern;
  const hint = "Write *.example.com, or leave dnsNames out where other names decide";
  refuse("catch-all-rule", '"*" would fit every certificate that has a DNS name', hint);
  return undefined;
}

/** A URI, or the beginning of one before a `*`: no shorter than its scheme and authority. */
export function readUri(value: unknown, refuse: Refuse): string | undefined {
  const text = typeof value === "string" && value.length <= MAX_NAME_CHARS ? value : "";
  const star = text.indexOf("*");
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:[!-~]+$/.test(text)) {
    const hint = star === 0 ? "Leave uris out where other names decide" : undefined;
    refuse("bad-uri", `Expected a URI such as spiffe://acme/billing or spiffe://acme/*, found ${quote(value)}`, hint);
  } else if (star !== -1 && star !== text.length - 1)
    refuse("bad-uri", `Cannot use ${quote(value)} as a URI: the * can only be its end`);
  else if (star !== -1 && !/^[^:/]+:\/\/[^/?#*]+\//.test(text)) {
    const message = `Cannot use ${quote(value)}: the * would stand for other authorities too`;
    const hint = "Write at least the authority and a / before it, as in spiffe://acme/*";
    refuse("wide-uri", message, hint);
  } else return text;
  return undefined;
}

/** `local@domain` with the domain as names are compared, or `*@domain`. */
export function readEmail(value: unknown, refuse: Refuse): string | undefined {
  const text = typeof value === "string" && value.length <= MAX_NAME_CHARS ? value : "";
  const at = text.lastIndexOf("@");
  const local = text.slice(0, Math.max(at, 0));
  const domain = parseHostname(text.slice(at + 1));
  if (domain !== undefined && (local === "*" || /^[!-)+-?A-~]{1,64}$/.test(local))) return `${local}@${domain}`;
  const hint = domain !== undefined && local === "" ? `Write "*@${domain}" for everybody there` : undefined;
  const message = `Expected an address such as ops@example.com or *@example.com, found ${quote(value)}`;
  refuse("bad-email", message, hint);
  return undefined;
}

export function readCommonName(value: unknown, refuse: Refuse): string | undefined {
  return readSubject(value, refuse, "a common name");
}

export function readOrganization(value: unknown, refuse: Refuse): string | undefined {
  return readSubject(value, refuse, "an organization");
}

/** SHA-256 as tools print it, with or without colons; 64 lower-case digits come out. */
export function readFingerprint(value: unknown, refuse: Refuse): string | undefined {
  const text = typeof value === "string" && value.length <= MAX_NAME_CHARS ? value.trim() : "";
  const [, algorithm = "", written = ""] = /^(?:(sha-?\d+|md5)(?: fingerprint)?[:=])?(.*)$/i.exec(text) ?? [];
  const digits = /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i.test(written) ? written.replaceAll(":", "") : written;
  const isHex = /^[0-9a-f]+$/i.test(digits);
  const isSha256 = algorithm === "" || /^sha-?256$/i.test(algorithm);
  if (isHex && isSha256 && digits.length === 64) return digits.toLowerCase();
  const print = "Print it with: openssl x509 -in FILE -noout -fingerprint -sha256";
  if (isHex && (!isSha256 || digits.length === 40 || digits.length === 32)) {
    const other = isSha256 ? (digits.length === 40 ? "SHA-1" : "MD5") : algorithm.toUpperCase();
    refuse("weak-fingerprint", `Expected a SHA-256 fingerprint, found one of ${other}`, print);
    return undefined;
  }
  // Digits alone are a number to YAML.
  const hint = typeof value === "number" ? "Write it in quotes" : print;
  const found = isHex ? `${digits.length} digits` : quote(value);
  refuse("bad-fingerprint", `Expected 64 hexadecimal digits of a SHA-256 fingerprint, found ${found}`, hint);
  return undefined;
}

/** A part of the subject, by the letter. */
function readSubject(value: unknown, refuse: Refuse, what: string): string | undefined {
  const wildcard = typeof value === "string" && /^\*(?:$|\.)/.test(value);
  const fits = typeof value === "string" && value.trim() !== "" && value.length <= MAX_NAME_CHARS;
  if (typeof value === "string" && fits && !wildcard && !hasControls(value)) return value;
  const hint = typeof value === "number" ? `Write "${value}"` : undefined;
  if (wildcard) {
    const message = `Cannot use ${quote(value)} as ${what}: it is compared by the letter, a * stands for nothing`;
    refuse("bad-subject", message, 'Names with a * are written under "dnsNames"');
  } else refuse("bad-subject", `Expected ${what}, found ${quote(value)}`, hint);
  return undefined;
}

function hasControls(text: string): boolean {
  return Array.from(text).some((character) => character < " " || character === "\u007F");
}
