// The JA4 fingerprint of a ClientHello (FoxIO, technical_details/JA4.md; the variant of TCP): which library a client is, by what
// it offers and not in which order. Placeholders (RFC 8701) are left out everywhere. It says nothing about who the client is:
// anybody can say the same hello.

import { createHash } from "node:crypto";

import { ByteReader } from "./byte-reader.ts";
import { isPlaceholder } from "./client-hello.ts";
import { HandshakeRecords } from "./handshake-records.ts";

const SERVER_NAME = 0;
const SIGNATURE_ALGORITHMS = 13;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;

const RANDOM_BYTES = 32;
/** Counts have two digits. */
const MAX_COUNT = 99;
const DIGEST_CHARS = 12;
/** In place of the digest of nothing. */
const NO_DIGEST = "0".repeat(DIGEST_CHARS);

const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0304, "13"],
  [0x0303, "12"],
  [0x0302, "11"],
  [0x0301, "10"],
  [0x0300, "s3"],
  [0x0002, "s2"],
]);

/** What a hello says, without placeholders; lists in the client's order. */
interface Offer {
  readonly version: number;
  readonly ciphers: readonly number[];
  readonly extensions: readonly number[];
  readonly signatures: readonly number[];
  /** Bytes of the first protocol. */
  readonly alpn: readonly number[];
}

/**
 * The fingerprint of the ClientHello in these records, such as `t13d1516h2_8daaf6152771_d8a2da3f94cd`; empty when they are not a
 * whole one. Total: never throws.
 */
export function ja4Fingerprint(received: Uint8Array): string {
  const records = new HandshakeRecords();
  if (records.advance(received) !== "whole") return "";
  const { bytes, from, to } = records.body(received);
  const offer = readOffer(new ByteReader(bytes, from, to));
  return offer === undefined ? "" : format(offer);
}

function format({ version, ciphers, extensions, signatures, alpn }: Offer): string {
  const named = extensions.includes(SERVER_NAME) ? "d" : "i";
  const counts = `${count(ciphers)}${count(extensions)}`;
  const told = hexList(extensions.filter((type) => type !== SERVER_NAME && type !== ALPN).toSorted(ascending));
  const signed = signatures.length === 0 ? "" : `_${hexList(signatures)}`;
  const suites = digest(hexList(ciphers.toSorted(ascending)));
  return `t${VERSIONS.get(version) ?? "00"}${named}${counts}${protocolOf(alpn)}_${suites}_${digest(`${told}${signed}`)}`;
}

function readOffer(body: ByteReader): Offer | undefined {
  const legacyVersion = body.uint16();
  body.skip(RANDOM_BYTES);
  body.skip(body.uint8());
  const ciphers = readUint16s(body.part(body.uint16()));
  body.skip(body.uint8());
  if (body.failed || ciphers === undefined) return undefined;
  const types: number[] = [];
  let versions: readonly number[] | undefined = [];
  let signatures: readonly number[] | undefined = [];
  let alpn: readonly number[] = [];
  const extensions = body.left === 0 ? body : body.part(body.uint16());
  while (extensions.left > 0) {
    const type = extensions.uint16();
    const content = extensions.part(extensions.uint16());
    if (!isPlaceholder(type)) types.push(type);
    if (type === SUPPORTED_VERSIONS) versions = readUint16s(content.part(content.uint8()));
    else if (type === SIGNATURE_ALGORITHMS) signatures = readUint16s(content.part(content.uint16()));
    else if (type === ALPN) alpn = readFirst(content.part(content.uint16()));
  }
  if (extensions.failed || versions === undefined || signatures === undefined) return undefined;
  const version = versions.length === 0 ? legacyVersion : Math.max(...versions);
  return { version, ciphers, extensions: types, signatures, alpn };
}

function readUint16s(list: ByteReader): readonly number[] | undefined {
  const values: number[] = [];
  while (list.left > 0) {
    const value = list.uint16();
    if (!isPlaceholder(value)) values.push(value);
  }
  return list.failed ? undefined : values;
}

/** Bytes of the first entry of a list of protocols. */
function readFirst(list: ByteReader): readonly number[] {
  const entry = list.part(list.uint8());
  const bytes: number[] = [];
  while (entry.left > 0) bytes.push(entry.uint8());
  return bytes;
}

/** First and last character of a protocol; of its hexadecimal digits, where one of them is neither letter nor digit. */
function protocolOf(bytes: readonly number[]): string {
  const [first] = bytes;
  const last = bytes.at(-1);
  if (first === undefined || last === undefined) return "00";
  const ends = String.fromCharCode(first, last);
  return /^[0-9A-Za-z]{2}$/.test(ends) ? ends : `${hex(first, 2).charAt(0)}${hex(last, 2).charAt(1)}`;
}

function count({ length }: readonly number[]): string {
  return String(Math.min(length, MAX_COUNT)).padStart(2, "0");
}

function hexList(values: readonly number[]): string {
  return values.map((value) => hex(value, 4)).join(",");
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}

function digest(text: string): string {
  return text === "" ? NO_DIGEST : createHash("sha256").update(text).digest("hex").slice(0, DIGEST_CHARS);
}

function ascending(a: number, b: number): number {
  return a - b;
}
