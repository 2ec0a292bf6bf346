// How old an object is: by when it was seen first, and by what is written in it. Pure.

import type { ObjectRecord } from "../plan/gateway/record.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import { isTimestamp } from "../resource/manifest/metadata-schema.ts";
import type { LedgerRow } from "./ledger-store.ts";

/**
 * A text that sorts by age. A time that is written in an object is its author's word: it counts among those that came together, as
 * after a restore; whoever comes later does not get before what is there by it.
 */
export function ageOf({ metadata }: AnyManifest, { createdAt }: Pick<LedgerRow, "createdAt">): string {
  return `${createdAt} ${writtenTime(metadata.creationTimestamp) ?? toSeconds(new Date(createdAt))}`;
}

/** What is shown of an object's age. */
export function recordOf(
  { metadata }: AnyManifest,
  { generation, createdAt }: Pick<LedgerRow, "generation" | "createdAt">,
): ObjectRecord {
  return { generation, creationTimestamp: writtenTime(metadata.creationTimestamp) ?? toSeconds(new Date(createdAt)) };
}

/** Times of one length, which sort as texts; one that cannot be read is as old as can be. */
export function toMilliseconds(kept: string): string {
  const time = Date.parse(kept);
  return new Date(Number.isNaN(time) ? 0 : time).toISOString();
}

/** `undefined` for what is no time: then the object is as old as it is known. */
function writtenTime(text: string | undefined): string | undefined {
  return text === undefined || !isTimestamp(text) ? undefined : toSeconds(new Date(text));
}

/** As Kubernetes writes times. */
function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}
