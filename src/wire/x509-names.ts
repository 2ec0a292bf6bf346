// Whom a certificate is about: names of its subject and alternative names (RFC 5280 4.1.2.6 and 4.2.1.6), each kind in a
// list of its own, because a name counts as one of its kind only. What the names allow is `resource/certificate-match.ts`.

import { formatIp } from "../base/ip.ts";
import { readIp4, readIp6 } from "../base/ip-bytes.ts";
import { DER, DerReader } from "./der.ts";
import { readAscii, readText } from "./x509-text.ts";

/** Names of one certificate. When one of them is no proper text, there are none at all. */
export interface CertificateNames {
  /** The subject's, in the order of the certificate. */
  readonly commonNames: readonly string[];
  readonly organizations: readonly string[];
  /** Subject alternative names. Host names are in lower case; a star is a part of the name. */
  readonly dnsNames: readonly string[];
  readonly uris: readonly string[];
  readonly emails: readonly string[];
  /** As `formatIp` writes them. */
  readonly ips: readonly string[];
  /** Whether names were left out because one of them has control characters or is not of its alphabet. */
  readonly dropped: boolean;
}

const NO_NAMES: CertificateNames = {
  commonNames: [],
  organizations: [],
  dnsNames: [],
  uris: [],
  emails: [],
  ips: [],
  dropped: false,
};

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";

// Of alternative names, context-specific and primitive.
const EMAIL = 0x81;
const DNS_NAME = 0x82;
const URI = 0x86;
const IP_ADDRESS = 0x87;

/** Reads the names in a subject and in an alternative name extension, both in DER; `undefined` when malformed. Total. */
export function readNames(subject: Uint8Array, alternative: Uint8Array | undefined): CertificateNames | undefined {
  const own = readSubject(subject);
  const others = alternative === undefined ? NO_NAMES : readAlternative(alternative);
  if (own === undefined || others === undefined) return undefined;
  if (own === "dropped" || others === "dropped") return { ...NO_NAMES, dropped: true };
  return { ...NO_NAMES, ...others, ...own };
}

type Part<Key extends keyof CertificateNames> = Pick<CertificateNames, Key> | "dropped" | undefined;

function readSubject(der: Uint8Array): Part<"commonNames" | "organizations"> {
  const commonNames: string[] = [];
  const organizations: string[] = [];
  const outer = new DerReader(der);
  const rows = outer.open(DER.sequence);
  let proper = true;
  while (!rows.done) {
    const row = rows.open(DER.set);
    while (!row.done) {
      const entry = row.open(DER.sequence);
      const type = entry.oid();
      const { tag } = entry;
      const text = readText(tag, entry.read(tag));
      if (entry.failed || !entry.done) return undefined;
      const list = type === COMMON_NAME ? commonNames : type === ORGANIZATION ? organizations : undefined;
      if (list === undefined) continue;
      if (text === undefined) proper = false;
      else list.push(text);
    }
    if (row.failed) return undefined;
  }
  if (rows.failed || !outer.done) return undefined;
  return proper ? { commonNames, organizations } : "dropped";
}

function readAlternative(der: Uint8Array): Part<"dnsNames" | "uris" | "emails" | "ips"> {
  const dnsNames: string[] = [];
  const uris: string[] = [];
  const emails: string[] = [];
  const ips: string[] = [];
  const outer = new DerReader(der);
  const names = outer.open(DER.sequence);
  let proper = true;
  while (!names.done) {
    const { tag } = names;
    const content = names.read(tag);
    if (tag === IP_ADDRESS) {
      const view = new DataView(content.buffer, content.byteOffset, content.length);
      if (content.length !== 4 && content.length !== 16) return undefined;
      ips.push(formatIp(content.length === 4 ? readIp4(view, 0) : readIp6(view, 0)));
      continue;
    }
    const list = tag === DNS_NAME ? dnsNames : tag === URI ? uris : tag === EMAIL ? emails : undefined;
    // Names of other kinds (directories, Kerberos) are compared with nothing.
    if (list === undefined) continue;
    const text = readAscii(content);
    if (text === undefined || text === "") proper = false;
    else list.push(tag === DNS_NAME ? text.toLowerCase() : text);
  }
  if (names.failed || !outer.done || outer.failed) return undefined;
  return proper ? { dnsNames, uris, emails, ips } : "dropped";
}
