// Texts and times in certificates (RFC 5280, X.690). A text that is not wholly what its type says, or that has control
// characters, is no text: "good.example\0.evil.example" has fooled many readers that stop at the NUL.

import { DER } from "./der.ts";

const UTF8 = 0x0c;
const NUMERIC = 0x12;
const PRINTABLE = 0x13;
const T61 = 0x14;
const IA5 = 0x16;
const VISIBLE = 0x1a;
const UNIVERSAL = 0x1c;
const BMP = 0x1e;

/** The text of a string value; `undefined` when it is none that could be compared. Total. */
export function readText(tag: number, bytes: Uint8Array): string | undefined {
  const text = decodeText(tag, bytes);
  return text === undefined || hasControls(text) ? undefined : text;
}

/** A text of ASCII alone, as in alternative names; `undefined` when it is none. Total. */
export function readAscii(bytes: Uint8Array): string | undefined {
  return readText(IA5, bytes);
}

/** One character for each byte: to compare, not to show. */
export function bytesToText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function decodeText(tag: number, bytes: Uint8Array): string | undefined {
  switch (tag) {
    case UTF8:
      return decodeUtf8(bytes);
    case NUMERIC:
    case PRINTABLE:
    case IA5:
    case VISIBLE:
      return bytes.every((byte) => byte < 0x80) ? decodeUnits(bytes, 1) : undefined;
    case T61:
      // Nobody has ever written real T.61: what is found is ISO 8859-1.
      return decodeUnits(bytes, 1);
    case BMP:
      return decodeUnits(bytes, 2);
    case UNIVERSAL:
      return decodeUnits(bytes, 4);
    default:
      return undefined;
  }
}

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** One character for every `width` bytes, most significant first. */
function decodeUnits(bytes: Uint8Array, width: 1 | 2 | 4): string | undefined {
  if (bytes.length % width !== 0) return undefined;
  let text = "";
  for (let at = 0; at < bytes.length; at += width) {
    let unit = 0;
    for (let index = at; index < at + width; index++) unit = unit * 256 + (bytes[index] ?? 0);
    if (unit > 0x10ffff) return undefined;
    text += String.fromCodePoint(unit);
  }
  return text.isWellFormed() ? text : undefined;
}

function hasControls(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || (unit >= 0x7f && unit < 0xa0)) return true;
  }
  return false;
}

const TIME = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** A UTCTime or GeneralizedTime in milliseconds since 1970; `undefined` when it is none of this world. Total. */
export function readTime(tag: number, bytes: Uint8Array): number | undefined {
  const digits = tag === DER.utcTime ? 2 : tag === DER.generalizedTime ? 4 : 0;
  const match = bytes.length === digits + 11 ? TIME.exec(decodeUnits(bytes, 1) ?? "") : null;
  if (match === null) return undefined;
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  // Two digits mean the years 1950 to 2049 (RFC 5280 4.1.2.5.1).
  const year = digits === 4 ? written : written < 50 ? 2000 + written : 1900 + written;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exact =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return exact ? date.getTime() : undefined;
}
