// A stamp tells whether a file may have changed since it was last looked at, without reading it.

import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";

/** Stamp of a file with these attributes. */
export function stampOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string {
  // The change time also tells of permissions, and of a file that was put back with its old modification time.
  return `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`;
}

/** Stamp of what an error says about a file. */
export function stampOfError(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Stamp of what is at a path now, through symbolic links. Never rejects: that it is not there is one too. */
export async function stampAt(path: string): Promise<string> {
  try {
    return stampOf(await stat(path));
  } catch (error) {
    return stampOfError(error);
  }
}
