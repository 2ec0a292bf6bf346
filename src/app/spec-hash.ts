// Tells whether two specs say the same: a hash over their canonical form, in which the order of keys has no meaning. Knows
// no kind; what a hash is kept for is up to others.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

/** SHA-256 of what a value says, whatever the order of its keys; keys that are `undefined` are as if they were not there. */
export function hashSpec(spec: unknown): string {
  return createHash("sha256").update(canonicalText(spec)).digest("base64");
}

/**
 * JSON with sorted keys. What JSON has no form for and specs have (maps, bytes, large numbers) is an object of one odd key,
 * which no YAML document can be taken for because specs are validated before.
 */
export function canonicalText(value: unknown): string {
  if (typeof value === "bigint") return `{"\\u0000bigint":${value}}`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (ArrayBuffer.isView(value)) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `{"\\u0000bytes":"${bytes.toString("base64")}"}`;
  }
  if (value instanceof Map) return `{"\\u0000map":${members([...value])}}`;
  return members(Object.entries(value));
}

function members(entries: readonly (readonly [unknown, unknown])[]): string {
  const written = entries
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [JSON.stringify(String(key)), value] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${written.map(([key, value]) => `${key}:${canonicalText(value)}`).join(",")}}`;
}
