// Where a resource was written, so that whoever finds a mistake in it later can point at the exact place.

import type { Position } from "../base/diagnostic.ts";

/** Keys and indexes from the document's root to a value, for example `["backends", 1, "weight"]`. */
export type ValuePath = readonly (string | number)[];

/** A resource's place in its source. */
export interface Origin {
  /** The source as messages show it: a file path, `document:NAME` (admin API), or the path an embedded route had. */
  readonly file: string;
  /**
   * Position of the value at `path`, or of its nearest written ancestor. With `key`, of the last key itself: for a key
   * that should not be there, or whose value lacks something. The document's start for an empty path.
   */
  locate(path: ValuePath, part?: "key" | "value"): Position;
}

/** Begins the name, in place of a file's, of a document that was put through the admin API. */
export const DOCUMENT_PREFIX = "document:";

/** Whether something was put through the admin API. */
export function isStored({ file }: Pick<Origin, "file">): boolean {
  return file.startsWith(DOCUMENT_PREFIX);
}
