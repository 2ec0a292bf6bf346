// The names of subject and issuer of a certificate (RFC 5280, 4.1.2.4), each attribute by itself and all in one text (RFC 2253).
// A name that is no proper text is none: what one reader cuts off at a NUL, another one reads on.

import { DER, DerReader } from "./der.ts";
import { readText } from "./x509-text.ts";

/** Whom a certificate names. */
export interface DistinguishedName {
  /** As RFC 2253 writes it, the most specific part first: `CN=a,O=b`. */
  readonly text: string;
  /** The most specific one; empty when there is none. */
  readonly commonName: string;
  /** All others in the order of the certificate. */
  readonly country: readonly string[];
  readonly locality: readonly string[];
  readonly organization: readonly string[];
  readonly organizationalUnit: readonly string[];
  readonly postalCode: readonly string[];
  readonly province: readonly string[];
  readonly streetAddress: readonly string[];
}

/** Attributes that have a word in RFC 2253, or are written so by everybody. */
const WORDS: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "SERIALNUMBER",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "STREET",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.17": "POSTALCODE",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
};

interface Attribute {
  /** Its number where it has no word. */
  readonly word: string;
  readonly text: string;
  /** `text` as RFC 2253 has it. */
  readonly written: string;
}

/** Reads a Name in DER; `undefined` when it is malformed, or an attribute that has a word is no proper text. Total. */
export function readDistinguishedName(der: Uint8Array): DistinguishedName | undefined {
  const rows = readRows(der);
  if (rows === undefined) return undefined;
  const all = rows.flat();
  const named = (wanted: string): readonly string[] => all.flatMap(({ word, text }) => (word === wanted ? [text] : []));
  return {
    text: rows
      .toReversed()
      .map((row) => row.map(({ word, written }) => `${word}=${written}`).join("+"))
      .join(","),
    commonName: named("CN").at(-1) ?? "",
    country: named("C"),
    locality: named("L"),
    organization: named("O"),
    organizationalUnit: named("OU"),
    postalCode: named("POSTALCODE"),
    province: named("ST"),
    streetAddress: named("STREET"),
  };
}

function readRows(der: Uint8Array): readonly (readonly Attribute[])[] | undefined {
  const outer = new DerReader(der);
  const list = outer.open(DER.sequence);
  const rows: (readonly Attribute[])[] = [];
  while (!list.done) {
    const set = list.open(DER.set);
    const row: Attribute[] = [];
    while (!set.done) {
      const attribute = readAttribute(set.open(DER.sequence));
      if (attribute === undefined) return undefined;
      row.push(attribute);
    }
    if (set.failed) return undefined;
    rows.push(row);
  }
  return list.failed || !outer.done || outer.failed ? undefined : rows;
}

function readAttribute(entry: DerReader): Attribute | undefined {
  const type = entry.oid();
  const { tag } = entry;
  const value = entry.whole(tag);
  if (entry.failed || !entry.done) return undefined;
  const word = WORDS[type];
  // What it means is not known here, and it need not be a text: RFC 2253 has its bytes then.
  if (word === undefined) return { word: type, text: "", written: `#${value.toHex()}` };
  const text = readText(tag, new DerReader(value).read(tag));
  return text === undefined ? undefined : { word, text, written: escape(text) };
}

/** So that no text can look like another attribute. */
function escape(text: string): string {
  return text.replaceAll(/[,+"\\<>;]|^[ #]| $/g, "\\$&");
}
