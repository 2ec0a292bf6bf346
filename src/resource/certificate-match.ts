// Whether a client's certificate is one that a route means. Everything here errs to the side of no: a name counts as one
// of its own kind only, nothing is decoded or resolved before it is compared, and a rule that asks for nothing fits
// nobody. The certificate's chain has been verified by whoever asks.

import { type HostnamePattern, parseHostname } from "../base/hostname.ts";
import type { Certificate } from "../wire/x509.ts";
import type { CertificateRule } from "./tls.ts";

/** What is compared: names that a certificate has, and its fingerprint. */
export interface ClientCertificate extends Pick<
  Certificate,
  "dnsNames" | "uris" | "emails" | "commonNames" | "organizations"
> {
  /** SHA-256 of the whole certificate, 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** Whether one of the rules fits. No rules fit nobody: where that means everybody, the caller asks first. */
export function fitsAny(rules: readonly CertificateRule[], certificate: ClientCertificate): boolean {
  return rules.some((rule) => fitsRule(rule, certificate));
}

/** Whether every list of the rule has an entry that fits. */
export function fitsRule(rule: CertificateRule, certificate: ClientCertificate): boolean {
  const { dnsNames, uris, emails, commonNames, organizations, fingerprints } = rule;
  const asked = dnsNames ?? uris ?? emails ?? commonNames ?? organizations ?? fingerprints;
  return (
    asked !== undefined &&
    fitsSome(dnsNames, certificate.dnsNames, fitsDnsName) &&
    fitsSome(uris, certificate.uris, fitsUri) &&
    fitsSome(emails, certificate.emails, fitsEmail) &&
    fitsSome(commonNames, certificate.commonNames, isSame) &&
    fitsSome(organizations, certificate.organizations, isSame) &&
    (fingerprints === undefined || fingerprints.includes(certificate.sha256))
  );
}

function fitsSome<Wanted>(
  wanted: readonly Wanted[] | undefined,
  names: readonly string[],
  fits: (wanted: Wanted, name: string) => boolean,
): boolean {
  return wanted === undefined || wanted.some((each) => names.some((name) => fits(each, name)));
}

function isSame(wanted: string, name: string): boolean {
  return wanted === name;
}

/** A certificate for `*.x` is for none of the names below `x`: only a rule for exactly that wildcard means it. */
function fitsDnsName(pattern: HostnamePattern, name: string): boolean {
  if (pattern.wildcard === "all") return false;
  if (pattern.wildcard === "none") return name === pattern.name;
  if (name === `*.${pattern.name}`) return pattern.wildcard === "one-label";
  const below = `.${pattern.name}`;
  if (!name.endsWith(below) || parseHostname(name) !== name) return false;
  return pattern.wildcard === "any-depth" || !name.slice(0, -below.length).includes(".");
}

/** Path segments that mean another place than they say, and what could hide them: encoded `.`, `/`, `\` and `%`. */
const ESCAPES = /(?:^|[/\\])\.{1,2}(?:$|[/\\?#])|\\|%(?:2e|2f|5c|25)/i;

function fitsUri(wanted: string, name: string): boolean {
  if (!wanted.endsWith("*")) return name === wanted;
  const prefix = wanted.slice(0, -1);
  // Seen as a whole: the rule may end within a segment.
  return name.startsWith(prefix) && !ESCAPES.test(name);
}

function fitsEmail(wanted: string, name: string): boolean {
  const at = name.indexOf("@");
  // A second @ could only be in a quoted local part, and readers differ about which one counts.
  if (at < 1 || at !== name.lastIndexOf("@")) return false;
  const domain = name.slice(at + 1).toLowerCase();
  return wanted === `${name.slice(0, at)}@${domain}` || (domain !== "" && wanted === `*@${domain}`);
}
