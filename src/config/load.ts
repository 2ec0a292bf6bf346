// The loader knows every source as it is now and as it was when it was last good. A file with an error keeps its last good
// version as a whole; a file that cannot be looked at keeps what was read last; a file that is gone is gone.

import { createHash } from "node:crypto";

import { compareDiagnostics, type Diagnostic } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import type { AnyManifest, BrokenPolicy } from "../resource/manifest/kinds.ts";
import { keyOf } from "../resource/manifest/manifest.ts";
import type { RouteResource } from "../resource/route.ts";
import { decodeSource } from "./decode.ts";
import { UniqueObjects } from "./duplicates.ts";
import { readSources, type SourceFile, SourceMemory, type SourceReading, type Sources } from "./source.ts";

/** One reading of one text. */
interface FileVersion {
  readonly hash: string;
  readonly resources: readonly RouteResource[];
  readonly manifests: readonly AnyManifest[];
  readonly broken: readonly BrokenPolicy[];
  readonly diagnostics: readonly Diagnostic[];
  /** Whether any of its documents has an error. */
  readonly failed: boolean;
  /** There is no document in it at all. */
  readonly empty: boolean;
  /** What takes part of its routes when it has an error and was never good: their claims, refusing everybody. */
  readonly closed: readonly RouteResource[];
}

/** One source in a load. */
interface LoadedFile {
  readonly file: string;
  /** Whether its name is the path of a file, so that paths in it can be relative to it. */
  readonly onDisk: boolean;
  /** As it is now; absent when it could not be read. */
  readonly current?: FileVersion;
  /** What takes part: the current version, an earlier one, or none at all. */
  readonly used?: FileVersion;
}

/** Everything that the sources say now. */
export interface Loaded {
  /** In order of precedence: documents put through the admin API, then files. */
  readonly resources: readonly RouteResource[];
  /** In the same order, each object once. */
  readonly manifests: readonly AnyManifest[];
  /** What is left of policies that have errors. */
  readonly broken: readonly BrokenPolicy[];
  /** Sorted. */
  readonly diagnostics: readonly Diagnostic[];
  /** Files with an object that is another one's already. */
  readonly duplicating: ReadonlySet<string>;
  /** How many sources there are. */
  readonly fileCount: number;
  /** Those whose name is the path of a file. */
  readonly onDisk: ReadonlySet<string>;
  /** For the loader itself. */
  readonly files: readonly LoadedFile[];
}

/** Loads sources again and again. What it returns takes effect in the loader only by `accept`. */
export class Loader {
  readonly #memory = new SourceMemory();
  #reading: SourceReading | undefined;
  /** By the source itself: a file that did not change is the same object. */
  readonly #bySource = new WeakMap<SourceFile, FileVersion>();
  /** What takes part of files that are good as they are. */
  readonly #whole = new WeakMap<FileVersion, LoadedFile>();
  readonly #unique = new UniqueObjects();
  /** The last reading of each file, so that a load costs what changed. */
  readonly #read = new Map<string, FileVersion>();
  /** The last accepted version without an error. */
  readonly #good = new Map<string, FileVersion>();
  /** What each file last took part with, for when it cannot be looked at. */
  readonly #accepted = new Map<string, FileVersion>();
  /** What is in force. */
  #inForce: readonly AnyManifest[] = [];

  /**
   * Reads all sources, in turns that leave the event loop free. `filesAsBefore`: files are taken as they were read last, for whoever
   * changes something else and is told of changed files anyway. Never rejects.
   */
  async load(sources: Sources, filesAsBefore = false): Promise<Loaded> {
    const pace = new Pace();
    const files: LoadedFile[] = [];
    const diagnostics: Diagnostic[] = [];
    const add = (source: SourceFile, onDisk: boolean, current: FileVersion): void => {
      const chosen = this.#choose(source.file, onDisk, current);
      // An empty file is what a writer leaves behind that truncates first and writes later.
      if (current.empty && chosen.used !== undefined) diagnostics.push(emptied(source.file));
      else diagnostics.push(...current.diagnostics);
      files.push(chosen);
    };
    for (const source of sources.documents) add(source, false, await this.#version(source, pace));
    if (sources.directories.length === 0) {
      for (const source of sources.embedded) add(source, false, await this.#version(source, pace));
    } else {
      const before = filesAsBefore ? this.#reading : undefined;
      const reading = before ?? (await readSources(sources.directories, this.#memory));
      this.#reading = reading;
      diagnostics.push(...reading.diagnostics);
      for (const source of reading.files) {
        if ("text" in source) {
          // To wait for what is known would cost a turn for each of thousands of files.
          add(source, true, this.#bySource.get(source) ?? (await this.#version(source, pace)));
        } else {
          diagnostics.push(source.problem);
          files.push(this.#choose(source.file, true, undefined));
        }
      }
      if (reading.lost.length > 0) files.push(...this.#unseen(files, reading.lost));
    }
    return this.#toLoaded(files, diagnostics);
  }

  /** The same load with these files at their last good versions; `undefined` when that changes nothing. */
  fallBack(loaded: Loaded, failing: ReadonlySet<string>): Loaded | undefined {
    let changed = false;
    const files = loaded.files.map((entry) => {
      const good = this.#good.get(entry.file);
      if (!failing.has(entry.file) || good === undefined || good === entry.used) return entry;
      changed = true;
      return { ...entry, used: good };
    });
    // What was said is about the files as they are written now.
    return changed ? { ...this.#toLoaded(files, []), diagnostics: loaded.diagnostics } : undefined;
  }

  /** Says that a load is in force: its files are good from now on, but those that failed in themselves or are `failing`. */
  accept(loaded: Loaded, failing: ReadonlySet<string>): void {
    const present = new Set<string>();
    for (const { file, current, used } of loaded.files) {
      present.add(file);
      if (used !== undefined) this.#accepted.set(file, used);
      if (current !== undefined && current === used && !current.failed && !failing.has(file))
        this.#good.set(file, current);
    }
    for (const known of [this.#read, this.#good, this.#accepted]) {
      for (const file of known.keys()) if (!present.has(file)) known.delete(file);
    }
    this.#inForce = loaded.manifests;
  }

  async #version(source: SourceFile, pace: Pace): Promise<FileVersion> {
    const same = this.#bySource.get(source);
    if (same !== undefined) return same;
    const version = await this.#decode(source, pace);
    this.#bySource.set(source, version);
    return version;
  }

  async #decode(source: SourceFile, pace: Pace): Promise<FileVersion> {
    const hash = createHash("sha256").update(source.text).digest("base64");
    const known = [this.#read, this.#good].map((versions) => versions.get(source.file)).find((it) => it?.hash === hash);
    if (known !== undefined) return known;
    const decoded = await decodeSource(source, pace);
    const { diagnostics } = decoded;
    const failed = diagnostics.some(({ severity }) => severity === "error");
    const empty = diagnostics.some(({ code }) => code === "config/empty");
    const version = { ...decoded, hash, failed, empty };
    this.#read.set(source.file, version);
    return version;
  }

  /** Files that took part and are below a path that could not be looked into. */
  #unseen(files: readonly LoadedFile[], lost: readonly string[]): readonly LoadedFile[] {
    const present = new Set(files.map(({ file }) => file));
    return Array.from(this.#accepted).flatMap(([file, version]) => {
      if (present.has(file) || !lost.some((path) => isBelow(file, path))) return [];
      return [{ file, onDisk: true, current: version, used: version }];
    });
  }

  #choose(file: string, onDisk: boolean, current: FileVersion | undefined): LoadedFile {
    // With an error and nothing earlier, none of its routes is used: half of a file may be its permissive half. Their claims
    // stay closed, or the clients of a specific route would get the general one. Manifests refer to each other by name, and
    // are kept apart by what is missing; of a broken policy what it is for is known.
    if (current !== undefined && !current.failed && !current.empty) {
      const known = this.#whole.get(current);
      if (known?.file === file && known.onDisk === onDisk) return known;
      const whole = { file, onDisk, current, used: current };
      this.#whole.set(current, whole);
      return whole;
    }
    const closed = current?.failed === true ? { ...current, resources: current.closed } : undefined;
    const used = this.#good.get(file) ?? closed ?? this.#accepted.get(file);
    return { file, onDisk, ...(current === undefined ? {} : { current }), ...(used === undefined ? {} : { used }) };
  }

  #toLoaded(files: readonly LoadedFile[], said: readonly Diagnostic[]): Loaded {
    const resources: RouteResource[] = [];
    const all: AnyManifest[] = [];
    const broken: BrokenPolicy[] = [];
    const onDisk = new Set<string>();
    for (const { file, used, onDisk: isOnDisk } of files) {
      if (isOnDisk) onDisk.add(file);
      if (used === undefined) continue;
      for (const resource of used.resources) resources.push(resource);
      for (const manifest of used.manifests) all.push(manifest);
      for (const policy of used.broken) broken.push(policy);
    }
    const { manifests, diagnostics } = this.#unique.of(
      all,
      () => new Map(this.#inForce.map((each) => [keyOf(each), each.origin.file])),
    );
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    return {
      resources,
      manifests,
      broken,
      diagnostics: [...said, ...diagnostics].toSorted(compareDiagnostics),
      duplicating: new Set(errors.map(({ file }) => file)),
      fileCount: files.length,
      onDisk,
      files,
    };
  }
}

function emptied(file: string): Diagnostic {
  const message = "Cannot take an empty file for its routes: its last good version goes on";
  const hint = "Delete the file to remove its routes";
  return { file, line: 1, column: 1, severity: "error", code: "config/emptied", message, hint };
}

function isBelow(file: string, path: string): boolean {
  return file === path || file.startsWith(path.endsWith("/") ? path : `${path}/`);
}
