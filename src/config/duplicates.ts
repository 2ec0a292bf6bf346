// Objects that are there twice. Files and documents of the admin API do not know of each other: the one that was there before is the
// object, otherwise the first in order of precedence, and whoever wrote another one hears about it.

import { changedWindow } from "../base/changed-window.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import { keyOf, nameOf } from "../resource/manifest/manifest.ts";
import { isStored } from "../resource/origin.ts";

/** Each object once. */
export interface UniqueManifests {
  readonly manifests: readonly AnyManifest[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Looks for them in one load after the other. */
export class UniqueObjects {
  /** What was looked at last, without any duplicate. */
  #last: readonly AnyManifest[] = [];
  /** Of `#last`. */
  readonly #keys = new Set<string>();

  /**
   * Takes out what another one is in the place of, and says so where it is written. `owners` gives the files of objects in force, by
   * key: a copy that comes first by its name takes nothing over.
   */
  of(manifests: readonly AnyManifest[], owners: () => ReadonlyMap<string, string>): UniqueManifests {
    const { removed, added } = changedWindow(this.#last, manifests);
    for (const manifest of removed) this.#keys.delete(keyOf(manifest));
    for (const manifest of added) this.#keys.add(keyOf(manifest));
    if (this.#keys.size === manifests.length) {
      this.#last = manifests;
      return { manifests, diagnostics: [] };
    }
    this.#last = [];
    this.#keys.clear();
    return withoutDuplicates(manifests, owners());
  }
}

function withoutDuplicates(manifests: readonly AnyManifest[], owners: ReadonlyMap<string, string>): UniqueManifests {
  const chosen = new Map<string, AnyManifest>();
  const losers: AnyManifest[] = [];
  for (const manifest of manifests) {
    const key = keyOf(manifest);
    const other = chosen.get(key);
    if (other === undefined) chosen.set(key, manifest);
    else if (precedes(manifest, other, owners.get(key))) {
      chosen.set(key, manifest);
      losers.push(other);
    } else losers.push(manifest);
  }
  const diagnostics = losers.map((manifest) => told(manifest, chosen.get(keyOf(manifest)) ?? manifest));
  return { manifests: Array.from(chosen.values()), diagnostics };
}

/** Whether an object takes the place of an earlier one: documents keep it from files. */
function precedes({ origin }: AnyManifest, { origin: other }: AnyManifest, owner: string | undefined): boolean {
  if (isStored(other) !== isStored(origin)) return false;
  return origin.file === owner && other.file !== owner;
}

function told(manifest: AnyManifest, other: AnyManifest): Diagnostic {
  const { file, locate } = manifest.origin;
  const place = { file, ...locate(["metadata", "name"]) };
  const name = `${manifest.kind} "${nameOf(manifest)}"`;
  const there = `${other.origin.file}:${other.origin.locate(["metadata", "name"]).line}`;
  if (isStored(other.origin) && !isStored(manifest.origin)) {
    const message = `${name} has no effect: ${there} is in its place`;
    return { ...place, severity: "warning", code: "manifest/overridden", message };
  }
  const message = `${name} is already there, at ${there}: that one counts`;
  return { ...place, severity: "error", code: "manifest/duplicate", message, hint: "Take one of the two away" };
}
