// The manifests of one kind, by name and by age. Found out when somebody asks, and taken over from an earlier load as far as the
// manifests are the same objects: of thousands mostly one has changed.

import { changedWindow } from "../../base/changed-window.ts";
import { compareText } from "../../base/compare-text.ts";
import type { AnyManifest } from "../../resource/manifest/kinds.ts";
import type { ObjectRecords } from "./record.ts";

/** A manifest with what it is sorted by. */
interface Aged {
  readonly manifest: AnyManifest;
  readonly age: string;
  readonly name: string;
}

/** More new ones than this are sorted with all others. */
const MAX_INSERTED = 64;

export class KindIndex {
  /** In order of precedence. */
  readonly list: readonly AnyManifest[];
  #byName: ReadonlyMap<string, AnyManifest> | undefined;
  #aged: readonly Aged[] | undefined;

  /** `before` is the index of the same kind in an earlier load; it is not kept. */
  constructor(list: readonly AnyManifest[], records: ObjectRecords, before?: KindIndex) {
    this.list = list;
    if (before === undefined) return;
    const { removed, added } = changedWindow(before.list, list);
    this.#byName = before.#byName === undefined ? undefined : changedNames(before.#byName, before.list, removed, added);
    if (this.#byName?.size !== list.length) this.#byName = undefined;
    this.#aged = before.#aged === undefined ? undefined : changedAges(before.#aged, removed, added, records);
  }

  /** `undefined` when there is none with this name. */
  find(namespace: string, name: string): AnyManifest | undefined {
    this.#byName ??= new Map(this.list.map((manifest) => [nameIn(manifest), manifest]));
    return this.#byName.get(`${namespace}/${name}`);
  }

  /** The oldest first, then by namespace and name. */
  byAge(records: ObjectRecords): readonly AnyManifest[] {
    this.#aged ??= this.list.map((manifest) => agedOf(manifest, records)).toSorted(compareAged);
    return this.#aged.map(({ manifest }) => manifest);
  }
}

/** `undefined` when it is not known. */
function changedNames(
  byName: ReadonlyMap<string, AnyManifest>,
  list: readonly AnyManifest[],
  removed: readonly AnyManifest[],
  added: readonly AnyManifest[],
): ReadonlyMap<string, AnyManifest> | undefined {
  if (byName.size !== list.length) return undefined;
  if (removed.length + added.length === 0) return byName;
  const changed = new Map(byName);
  for (const manifest of removed) changed.delete(nameIn(manifest));
  for (const manifest of added) changed.set(nameIn(manifest), manifest);
  return changed;
}

/** `undefined` when sorting everything is as good. */
function changedAges(
  aged: readonly Aged[],
  removed: readonly AnyManifest[],
  added: readonly AnyManifest[],
  records: ObjectRecords,
): readonly Aged[] | undefined {
  if (added.length > MAX_INSERTED) return undefined;
  const gone = new Set(removed);
  const kept = gone.size === 0 ? [...aged] : aged.filter(({ manifest }) => !gone.has(manifest));
  // A load that was never in force may have had other ages.
  for (const { manifest, age } of kept) if (records.ageOf(manifest) !== age) return undefined;
  for (const manifest of added) {
    const one = agedOf(manifest, records);
    kept.splice(placeOf(one, kept), 0, one);
  }
  return kept;
}

/** Behind all that come before it. */
function placeOf(one: Aged, sorted: readonly Aged[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = sorted[middle];
    if (other !== undefined && compareAged(other, one) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function agedOf(manifest: AnyManifest, records: ObjectRecords): Aged {
  return { manifest, age: records.ageOf(manifest), name: nameIn(manifest) };
}

function nameIn({ metadata: { namespace, name } }: AnyManifest): string {
  return `${namespace}/${name}`;
}

function compareAged(a: Aged, b: Aged): number {
  return compareText(a.age, b.age) || compareText(a.name, b.name);
}
