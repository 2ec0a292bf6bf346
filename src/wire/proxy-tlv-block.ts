// Type-length-value fields one after the other, as a PROXY header has them and one of its fields has again: a byte of
// type, two bytes of length, the value. Pure and total.

import type { ProxyTlv } from "./proxy-header.ts";

const TLV_HEADER_BYTES = 3;
/** No host name, protocol or common name is longer; what is would not fit what receivers keep for it. */
const MAX_TEXT_BYTES = 255;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Splits a block into fields, whose values are parts of it; a text says why it is none. */
export function splitTlvs(block: Uint8Array): readonly ProxyTlv[] | string {
  const fields: ProxyTlv[] = [];
  for (let at = 0; at < block.length;) {
    const [type, high, low] = block.subarray(at, at + TLV_HEADER_BYTES);
    if (type === undefined || high === undefined || low === undefined) return "A field is cut off in its length";
    const start = at + TLV_HEADER_BYTES;
    const end = start + ((high << 8) | low);
    if (end > block.length) return `The field of type 0x${type.toString(16).padStart(2, "0")} is longer than its place`;
    fields.push({ type, value: block.subarray(start, end) });
    at = end;
  }
  return fields;
}

/** The bytes of one field; none for a value that is absent or empty, and for a text of more than 255 bytes. */
export function encodeTlv(type: number, value: Uint8Array | string | undefined): readonly number[] {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : (value ?? new Uint8Array());
  // Left out instead of cut short: a part of a name is another name.
  if (bytes.length === 0 || (typeof value === "string" && bytes.length > MAX_TEXT_BYTES)) return [];
  return [type, bytes.length >> 8, bytes.length & 255, ...bytes];
}

/** UTF-8 without control characters, which no name has and some logs obey; `undefined` when it is none. */
export function decodeText(bytes: Uint8Array): string | undefined {
  for (const byte of bytes) {
    if (byte < 32 || byte === 127) return undefined;
  }
  try {
    return UTF8.decode(bytes);
  } catch {
    // Not UTF-8.
    return undefined;
  }
}
