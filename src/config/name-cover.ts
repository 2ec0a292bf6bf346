// Whether a certificate has the names that a route takes clients for. One that lacks them is served, for not every client
// verifies names; but most do, and say only that they do not trust it.

import { formatHostnamePattern, type HostnamePattern } from "../base/hostname.ts";
import type { Identity } from "../resource/credentials.ts";
import { parsePem } from "../wire/pem.ts";
import { readCertificate } from "../wire/x509.ts";
import { type Finding, Findings } from "./credential-finding.ts";

/** A list that goes on does not help to find the mistake. */
const MAX_SHOWN = 3;

/** A warning about names that clients ask for and the certificate does not have. */
export function judgeNames({ certificate: text }: Identity, hostnames: readonly HostnamePattern[]): readonly Finding[] {
  const [leaf] = parsePem(text).blocks;
  const certificate = leaf?.bytes === undefined ? undefined : readCertificate(leaf.bytes);
  if (certificate === undefined || "problem" in certificate) return [];
  const names = certificate.dnsNames.map((name) => name.toLowerCase());
  const missing = hostnames.filter((pattern) => !covers(names, pattern)).map(formatHostnamePattern);
  if (missing.length === 0) return [];
  const found = names.length === 0 ? "it has no DNS names" : `it has ${list(names)}`;
  const message = `The certificate is not for ${list(missing)}: ${found}`;
  const findings = new Findings();
  findings.warn(
    "certificate",
    "name-missing",
    message,
    "Clients that verify names refuse it; a common name is no name",
  );
  return findings.all;
}

/** A pattern is covered when one of the names that it stands for is: which of them clients ask for is not known. */
function covers(names: readonly string[], pattern: HostnamePattern): boolean {
  if (pattern.wildcard === "all") return true;
  const { name } = pattern;
  if (pattern.wildcard !== "none") return names.some((each) => each.endsWith(`.${name}`));
  return names.includes(name) || names.includes(`*${name.slice(name.indexOf("."))}`);
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_SHOWN).map((name) => `"${name}"`);
  return names.length > MAX_SHOWN ? `${shown.join(", ")} and others` : shown.join(", ");
}
