// What Kubernetes keeps of objects and files do not have: since when each is there, and how often its spec has changed. Kept in the
// state database, because the oldest of several objects wins, and has to win after a restart too. Content is never kept, only its
// hash, and of bytes, which may be a password, not even that. A database that cannot be written costs a warning: the gateway
// goes on with what it knows.

import { changedWindow } from "../base/changed-window.ts";
import type { Log } from "../observe/log.ts";
import type { ObjectRecords } from "../plan/gateway/record.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import { keyOf } from "../resource/manifest/manifest.ts";
import type { Database } from "../runtime/runtime.ts";
import { type LedgerRow, type LedgerStore, openLedgerStore } from "./ledger-store.ts";
import { ageOf, recordOf, toMilliseconds } from "./object-age.ts";
import { hashesOf, type SpecHashes } from "./spec-hash.ts";

/** Records of one load, which nobody keeps before `accept`. */
export interface LedgerProposal extends ObjectRecords {
  /** The load is in force: writes what has changed, in one transaction. Never throws. */
  accept(): void;
}

export interface Ledger {
  /**
   * Records of these objects: of each that was there before the one it had, changed where its spec has changed. Of two with one
   * name the first counts. `complete` false: some source could not be read, so that an object that is missing may be in it; it
   * keeps its record until everything can be read again.
   */
  propose(manifests: readonly AnyManifest[], now: Date, complete?: boolean): LedgerProposal;
}

interface Entry extends LedgerRow {
  /** Of the spec with its bytes; not known of one that nobody has seen since the start. */
  readonly contentHash?: string;
}

type Entries = ReadonlyMap<string, Entry>;

/** Opens the ledger in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openLedger(database: Database, log: Log): Ledger {
  return new StoredLedger(openLedgerStore(database), log);
}

/** A ledger that begins empty and ends with the process: for `check`, the build and tests. */
export function memoryLedger(): Ledger {
  return new StoredLedger({ list: () => [], write: () => {} });
}

class StoredLedger implements Ledger {
  readonly #store: LedgerStore;
  readonly #log: Log | undefined;
  /** An object that did not change comes as the same value with every load. */
  readonly #known = new WeakMap<AnyManifest, Identity>();
  readonly #ages = new WeakMap<AnyManifest, { readonly entry: Entry; readonly age: string }>();
  /** As accepted. */
  #current: Entries;
  /** Those that `#current` is of, if it is of nothing else. */
  #manifests: readonly AnyManifest[] | undefined;
  /** As in the store: behind `#current` while it cannot be written. */
  #stored: Entries;
  #failing = false;

  constructor(store: LedgerStore, log?: Log) {
    this.#store = store;
    this.#log = log;
    this.#stored = new Map(
      store.list().map((row) => [keyOfEntry(row), { ...row, createdAt: toMilliseconds(row.createdAt) }]),
    );
    this.#current = this.#stored;
  }

  propose(manifests: readonly AnyManifest[], now: Date, complete = true): LedgerProposal {
    const before = this.#current;
    const firstSeen = onceAsked(() => after(before, now));
    const entries = this.#follow(manifests, firstSeen) ?? this.#list(manifests, firstSeen);
    // As long as all of them are those of these objects the next load needs to look at what changes.
    const isExact = entries.size === manifests.length;
    if (!complete) for (const [key, entry] of before) if (!entries.has(key)) entries.set(key, entry);
    const find = (manifest: AnyManifest): Entry =>
      entries.get(this.#identify(manifest).key) ?? this.#entryOf(manifest, before, firstSeen);
    return {
      of: (manifest) => recordOf(manifest, find(manifest)),
      ageOf: (manifest) => this.#ageOf(manifest, find(manifest)),
      accept: () => {
        this.#manifests = isExact && entries.size === manifests.length ? manifests : undefined;
        this.#accept(entries);
      },
    };
  }

  /** Made once for what did not change: thousands of them are sorted. */
  #ageOf(manifest: AnyManifest, entry: Entry): string {
    const known = this.#ages.get(manifest);
    if (known?.entry === entry) return known.age;
    const age = ageOf(manifest, entry);
    this.#ages.set(manifest, { entry, age });
    return age;
  }

  /** Entries of all objects. */
  #list(manifests: readonly AnyManifest[], firstSeen: () => string): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    for (const manifest of manifests) {
      const { key } = this.#identify(manifest);
      if (!entries.has(key)) entries.set(key, this.#entryOf(manifest, this.#current, firstSeen));
    }
    return entries;
  }

  /** The same by what has changed; `undefined` when that is not to be had, or an object is there twice. */
  #follow(manifests: readonly AnyManifest[], firstSeen: () => string): Map<string, Entry> | undefined {
    if (this.#manifests === undefined) return undefined;
    const { removed, added } = changedWindow(this.#manifests, manifests);
    const entries = new Map(this.#current);
    for (const manifest of removed) entries.delete(this.#identify(manifest).key);
    for (const manifest of added) {
      entries.set(this.#identify(manifest).key, this.#entryOf(manifest, this.#current, firstSeen));
    }
    return entries.size === manifests.length ? entries : undefined;
  }

  #identify(manifest: AnyManifest): Identity {
    const known = this.#known.get(manifest);
    if (known !== undefined) return known;
    const found = { key: keyOf(manifest), ...hashesOf(manifest.spec) };
    this.#known.set(manifest, found);
    return found;
  }

  /** The same value as before when nothing has changed. */
  #entryOf(manifest: AnyManifest, before: Entries, firstSeen: () => string): Entry {
    const { key, ...hashes } = this.#identify(manifest);
    const entry = before.get(key);
    if (entry?.contentHash === hashes.contentHash) return entry;
    if (entry?.contentHash === undefined && entry?.specHash === hashes.specHash) return { ...entry, ...hashes };
    if (entry !== undefined) return { ...entry, ...hashes, generation: entry.generation + 1 };
    const { kind, metadata } = manifest;
    const { namespace, name } = metadata;
    return { kind, namespace, name, ...hashes, generation: 1, createdAt: firstSeen() };
  }

  #accept(entries: Entries): void {
    this.#current = entries;
    const stored = this.#stored;
    const changed: Entry[] = [];
    for (const [key, entry] of entries) if (!isSameRow(stored.get(key), entry)) changed.push(entry);
    const removed: Entry[] = [];
    for (const [key, entry] of stored) if (!entries.has(key)) removed.push(entry);
    try {
      if (changed.length + removed.length > 0) this.#store.write(changed, removed);
    } catch (error) {
      this.#sayFailure(error);
      return;
    }
    this.#stored = entries;
    if (this.#failing) this.#log?.write("info", "ledger-kept", "Age and generation of objects are kept again");
    this.#failing = false;
  }

  /** Once: it is tried again with every load. */
  #sayFailure(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const why = error instanceof Error ? error.message : String(error);
    const message = `Cannot keep age and generation of objects, a restart would forget what changed: ${why}`;
    this.#log?.write("warn", "ledger-failed", message);
  }
}

interface Identity extends SpecHashes {
  readonly key: string;
}

function isSameRow(a: LedgerRow | undefined, b: LedgerRow): boolean {
  return a === b || (a?.specHash === b.specHash && a.generation === b.generation && a.createdAt === b.createdAt);
}

/** A time after all that is known: what comes now is younger, whatever the clock says. */
function after(entries: Entries, now: Date): string {
  let latest = new Date(now.getTime() - 1).toISOString();
  for (const { createdAt } of entries.values()) if (createdAt > latest) latest = createdAt;
  return new Date(Date.parse(latest) + 1).toISOString();
}

/** Only what is new needs it, and to know it is to look at everything. */
function onceAsked(make: () => string): () => string {
  let known: string | undefined;
  return () => (known ??= make());
}

function keyOfEntry({ kind, namespace, name }: LedgerRow): string {
  return `${kind}/${namespace}/${name}`;
}
