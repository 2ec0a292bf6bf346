// How a file of the status directory is called and what is in it. Pure.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { ResourceObject } from "../admin/resource-object.ts";
import { formatYaml } from "../config/yaml-text.ts";

/** How every file begins that is ours to replace and to remove. */
export const STATUS_MARK = "# Written by sallyport";

const FIRST_LINE = `${STATUS_MARK}: what is changed here is lost\n`;

/** In place of a namespace, which cannot be called like this. */
const NO_NAMESPACE = "_";
/** File systems take 255 bytes. */
const MAX_STEM_CHARACTERS = 200;
/** Windows knows devices by these names, whatever follows a dot. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)$/;

/**
 * `default.tcproute.orders.yaml`: no two objects have the same, not even where case does not count, and none leads elsewhere. A
 * namespace has no dot, so the names cannot run into each other.
 */
export function statusFileName({ kind, metadata: { namespace, name } }: ResourceObject): string {
  const first = namespace === undefined ? NO_NAMESPACE : escaped(namespace).replaceAll(".", "%2e");
  const stem = `${DEVICE.test(first) ? `%${first}` : first}.${kind.toLowerCase()}.${escaped(name)}`;
  if (stem.length <= MAX_STEM_CHARACTERS) return `${stem}.yaml`;
  const digest = createHash("sha256").update(stem).digest("hex").slice(0, 16);
  return `${stem.slice(0, MAX_STEM_CHARACTERS)}~${digest}.yaml`;
}

export function statusFileText(object: ResourceObject): string {
  return FIRST_LINE + formatYaml(object);
}

/** What names in Kubernetes consist of stays; of anything else, its bytes. */
function escaped(text: string): string {
  return text.replaceAll(/[^a-z0-9.-]/gu, (mark) =>
    [...Buffer.from(mark)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}
