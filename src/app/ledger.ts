// What Kubernetes keeps of objects and files do not have: since when each is there, and how often its spec has changed. Kept in the
// state database, because the oldest of several objects wins, and has to win after a restart too. Content is never kept,
// only its hash. A database that cannot be written costs a warning: the gateway goes on with what it knows.

import type { Log } from "../observe/log.ts";
import type { ObjectRecord, ObjectRecords } from "../plan/gateway/record.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";
import { keyOf } from "../resource/manifest/manifest.ts";
import type { Database } from "../runtime/runtime.ts";
import { hashSpec } from "./spec-hash.ts";
import { inTransaction, prepareState } from "./state.ts";

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

/** One row. */
interface Entry {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly specHash: string;
  readonly generation: number;
  /** When it was seen first. */
  readonly createdAt: string;
}

type Entries = ReadonlyMap<string, Entry>;

/** Where entries outlive the process. */
interface LedgerStore {
  list(): readonly Entry[];
  /** All of it or nothing; throws when it cannot. */
  write(put: readonly Entry[], removed: readonly Entry[]): void;
}

/** Opens the ledger in `database`, which stays the caller's to close. Throws GatewayError `state/…`. */
export function openLedger(database: Database, log: Log): Ledger {
  prepareState(database);
  const put = ({ kind, namespace, name, specHash, generation, createdAt }: Entry): void => {
    database.all(
      `INSERT INTO object (kind, namespace, name, spec_hash, generation, created_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (kind, namespace, name) DO UPDATE
       SET spec_hash = excluded.spec_hash, generation = excluded.generation, created_at = excluded.created_at`,
      kind,
      namespace,
      name,
      specHash,
      generation,
      createdAt,
    );
  };
  const remove = ({ kind, namespace, name }: Entry): void => {
    database.all("DELETE FROM object WHERE kind = ? AND namespace = ? AND name = ?", kind, namespace, name);
  };
  const store: LedgerStore = {
    list: () =>
      database.all<Entry>(
        "SELECT kind, namespace, name, spec_hash AS specHash, generation, created_at AS createdAt FROM object",
      ),
    write: (changed, removed) =>
      inTransaction(database, () => {
        for (const entry of removed) remove(entry);
        for (const entry of changed) put(entry);
      }),
  };
  return new StoredLedger(store, log);
}

/** A ledger that begins empty and ends with the process: for `check`, the build and tests. */
export function memoryLedger(): Ledger {
  return new StoredLedger({ list: () => [], write: () => {} });
}

class StoredLedger implements Ledger {
  readonly #store: LedgerStore;
  readonly #log: Log | undefined;
  /** An object that did not change comes as the same value with every load. */
  readonly #known = new WeakMap<AnyManifest, { readonly key: string; readonly specHash: string }>();
  /** As accepted. */
  #current: Entries;
  /** As in the store: behind `#current` while it cannot be written. */
  #stored: Entries;
  #failing = false;

  constructor(store: LedgerStore, log?: Log) {
    this.#store = store;
    this.#log = log;
    this.#stored = new Map(store.list().map((entry) => [keyOfEntry(entry), entry]));
    this.#current = this.#stored;
  }

  propose(manifests: readonly AnyManifest[], now: Date, complete = true): LedgerProposal {
    const before = this.#current;
    const firstSeen = toSeconds(now);
    const entries = new Map<string, Entry>();
    for (const manifest of manifests) {
      const { key } = this.#identify(manifest);
      if (!entries.has(key)) entries.set(key, this.#entryOf(manifest, before, firstSeen));
    }
    if (!complete) for (const [key, entry] of before) if (!entries.has(key)) entries.set(key, entry);
    return {
      of: (manifest) => {
        const entry = entries.get(this.#identify(manifest).key) ?? this.#entryOf(manifest, before, firstSeen);
        return recordOf(manifest, entry);
      },
      accept: () => this.#accept(entries),
    };
  }

  #identify(manifest: AnyManifest): { readonly key: string; readonly specHash: string } {
    const known = this.#known.get(manifest);
    if (known !== undefined) return known;
    const found = { key: keyOf(manifest), specHash: hashSpec(manifest.spec) };
    this.#known.set(manifest, found);
    return found;
  }

  /** The same value as before when nothing has changed. */
  #entryOf(manifest: AnyManifest, before: Entries, firstSeen: string): Entry {
    const { key, specHash } = this.#identify(manifest);
    const entry = before.get(key);
    if (entry?.specHash === specHash) return entry;
    if (entry !== undefined) return { ...entry, specHash, generation: entry.generation + 1 };
    const { kind, metadata } = manifest;
    const { namespace, name } = metadata;
    return { kind, namespace, name, specHash, generation: 1, createdAt: firstSeen };
  }

  #accept(entries: Entries): void {
    this.#current = entries;
    const stored = this.#stored;
    const changed = [...entries].filter(([key, entry]) => stored.get(key) !== entry).map(([, entry]) => entry);
    const removed = [...stored].filter(([key]) => !entries.has(key)).map(([, entry]) => entry);
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

function recordOf({ metadata }: AnyManifest, { generation, createdAt }: Entry): ObjectRecord {
  return { generation, creationTimestamp: writtenTime(metadata.creationTimestamp) ?? createdAt };
}

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

/** `undefined` for what is no time: then the object is as old as it is known. */
function writtenTime(text: string | undefined): string | undefined {
  if (text === undefined || !RFC_3339.test(text)) return undefined;
  const time = new Date(text.toUpperCase());
  return Number.isNaN(time.getTime()) ? undefined : toSeconds(time);
}

/** As Kubernetes writes times. */
function toSeconds(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, "Z");
}

function keyOfEntry({ kind, namespace, name }: Entry): string {
  return `${kind}/${namespace}/${name}`;
}
