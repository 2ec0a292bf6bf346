// PROXY headers put together by hand, right and wrong.

import { readProxyHeader } from "../../src/wire/proxy-protocol.ts";
import type { ProxyHeader } from "../../src/wire/proxy-header.ts";
import { growing } from "./prefixes.ts";

/** `\r\n\r\n\0\r\nQUIT\n` */
export const SIGNATURE = "0d0a0d0a000d0a515549540a";

export interface Block {
  readonly command?: string;
  readonly family?: string;
  /** Hexadecimal; of 192.0.2.1:1000 to 192.0.2.2:5432 when absent. */
  readonly addresses?: string;
  readonly fields?: readonly string[];
  /** Instead of the true length of the block. */
  readonly length?: number;
}

export const INET_ADDRESSES = "c0000201c000020203e81538";

/** A header of version 2 from hexadecimal pieces. */
export function v2(block: Block = {}): Uint8Array {
  const { command = "21", family = "11", addresses = INET_ADDRESSES, fields = [] } = block;
  const body = addresses + fields.join("");
  const length = block.length ?? body.length / 2;
  return Uint8Array.fromHex(`${SIGNATURE}${command}${family}${length.toString(16).padStart(4, "0")}${body}`);
}

/** A field from its type and its value, a text or hexadecimal bytes. */
export function tlv(type: number, value: string | { readonly hex: string }): string {
  const hex = typeof value === "string" ? new TextEncoder().encode(value).toHex() : value.hex;
  return `${type.toString(16).padStart(2, "0")}${(hex.length / 2).toString(16).padStart(4, "0")}${hex}`;
}

/** What is read at every split; throws when it is no header, or one before or after its last byte. */
export function headerOf(bytes: Uint8Array): ProxyHeader {
  const { verdict, after } = growing((input) => readProxyHeader(input, "any"), bytes);
  if (verdict === "more" || verdict.kind !== "header") throw new Error(`No header: ${Bun.inspect(verdict)}`);
  if (after !== bytes.length || verdict.length !== after) throw new Error(`${verdict.length} bytes, known at ${after}`);
  return verdict.header;
}

/** Why bytes are malformed and at which byte that is known, counted from 1; at every split. */
export function refusalOf(bytes: Uint8Array | string): readonly [why: string, after: number] {
  const input = typeof bytes === "string" ? Uint8Array.from(bytes, (char) => char.charCodeAt(0)) : bytes;
  const { verdict, after } = growing((part) => readProxyHeader(part, "any"), input);
  if (verdict === "more" || verdict.kind !== "malformed") throw new Error(`Not malformed: ${Bun.inspect(verdict)}`);
  return [verdict.why, after];
}
