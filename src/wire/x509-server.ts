// Whether a server's certificate has one of the alternative names that are wanted of it. Errs to the side of no: a name counts as
// one of its own kind only, and the subject's names never do. The certificate's chain has been verified by whoever asks.

import { type HostnamePattern, parseHostname } from "../base/hostname.ts";
import { readCertificate } from "./x509.ts";

/** Subject alternative names of which a server's certificate must have one. */
export interface SubjectAltNames {
  /** A star is one label, or any number where the pattern says so. The catch-all means nobody. */
  readonly dnsNames: readonly HostnamePattern[];
  /** By the letter. */
  readonly uris: readonly string[];
}

/** Whether a certificate in DER has one of these names; one that cannot be read has none. */
export function hasSubjectAltName(der: Uint8Array, { dnsNames, uris }: SubjectAltNames): boolean {
  const certificate = readCertificate(der);
  if ("problem" in certificate) return false;
  return (
    certificate.uris.some((uri) => uris.includes(uri)) ||
    certificate.dnsNames.some((name) => dnsNames.some((wanted) => isFor(name, wanted)))
  );
}

/** Whether what a certificate says, a name or one with a star in place of its first label, is what is wanted. */
function isFor(name: string, wanted: HostnamePattern): boolean {
  if (wanted.wildcard === "all") return false;
  if (wanted.wildcard === "none") return name === wanted.name || isStarOf(name, wanted.name);
  // A certificate for every name of one label below is for more than any single one of them.
  if (name === `*.${wanted.name}`) return true;
  const below = `.${wanted.name}`;
  if (!name.endsWith(below) || parseHostname(name) !== name) return false;
  return wanted.wildcard === "any-depth" || !name.slice(0, -below.length).includes(".");
}

/** Whether `star` is `*.x.y` and `name` one label below `x.y`; a star for a whole top-level domain is nobody's. */
function isStarOf(star: string, name: string): boolean {
  const parent = name.slice(name.indexOf(".") + 1);
  return parent.length < name.length && parent.includes(".") && star === `*.${parent}`;
}
