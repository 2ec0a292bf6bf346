// Tells whether two specs say the same: a hash over their canonical form, in which the order of keys has no meaning. Knows
// no kind; what a hash is kept for is up to others.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { compareText } from "../base/compare-text.ts";

/** What tells whether a spec has changed. */
export interface SpecHashes {
  /** May be kept: of bytes it has their number alone, because a short password can be found by its hash. */
  readonly specHash: string;
  /** Of all of it. */
  readonly contentHash: string;
}

/** Both hashes of a spec. */
export function hashesOf(spec: unknown): SpecHashes {
  const text = canonicalText(spec);
  const contentHash = digestOf(text);
  const specHash = text.includes(BYTES) ? digestOf(canonicalText(spec, false)) : contentHash;
  return { specHash, contentHash };
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

const BYTES = '"\\u0000bytes"';

/**
 * JSON with sorted keys. What JSON has no form for and specs have (maps, bytes, large numbers) is an object of one odd key,
 * which no YAML document can be taken for because specs are validated before. Without `withBytes` bytes are
 * told by their number.
 */
export function canonicalText(value: unknown, withBytes = true): string {
  if (typeof value === "bigint") return `{"\\u0000bigint":${value}}`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((each) => canonicalText(each, withBytes)).join(",")}]`;
  if (ArrayBuffer.isView(value)) {
    if (!withBytes) return `{${BYTES}:${value.byteLength}}`;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `{${BYTES}:"${bytes.toString("base64")}"}`;
  }
  if (value instanceof Map) return `{"\\u0000map":${members([...value], withBytes)}}`;
  return members(Object.entries(value), withBytes);
}

function members(entries: readonly (readonly [unknown, unknown])[], withBytes: boolean): string {
  const written = entries
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [JSON.stringify(String(key)), value] as const)
    .toSorted(([a], [b]) => compareText(a, b));
  return `{${written.map(([key, value]) => `${key}:${canonicalText(value, withBytes)}`).join(",")}}`;
}
