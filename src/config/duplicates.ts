// Objects that are there twice. Files and documents of the admin API do not know of each other: the first in order of
// precedence is the object, and whoever wrote another one hears about it.

import type { Diagnostic } from "../base/diagnostic.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import { keyOf, nameOf } from "../resource/manifest/manifest.ts";

/** Each object once. */
export interface UniqueManifests {
  readonly manifests: readonly AnyManifest[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Begins the name of a document of the admin API. */
const DOCUMENT = "document:";

/** Takes out what is there before, by the order of `manifests`, and says so where it is written. */
export function withoutDuplicates(manifests: readonly AnyManifest[]): UniqueManifests {
  const first = new Map<string, AnyManifest>();
  const diagnostics: Diagnostic[] = [];
  for (const manifest of manifests) {
    const key = keyOf(manifest);
    const other = first.get(key);
    if (other === undefined) first.set(key, manifest);
    else diagnostics.push(told(manifest, other));
  }
  return { manifests: Array.from(first.values()), diagnostics };
}

function told(manifest: AnyManifest, other: AnyManifest): Diagnostic {
  const { file, locate } = manifest.origin;
  const place = { file, ...locate(["metadata", "name"]) };
  const name = `${manifest.kind} "${nameOf(manifest)}"`;
  const there = `${other.origin.file}:${other.origin.locate(["metadata", "name"]).line}`;
  if (other.origin.file.startsWith(DOCUMENT) && !file.startsWith(DOCUMENT)) {
    const message = `${name} has no effect: ${there} is in its place`;
    return { ...place, severity: "warning", code: "manifest/overridden", message };
  }
  const message = `${name} is already there, at ${there}: that one counts`;
  return { ...place, severity: "error", code: "manifest/duplicate", message, hint: "Take one of the two away" };
}
