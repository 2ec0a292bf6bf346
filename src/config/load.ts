// The loader knows every source as it is now and as it was when it was last good. A file with an error keeps its last good
// version as a whole; a file that cannot be looked at keeps what was read last; a file that is gone is gone.

import { createHash } from "node:crypto";

import { compareDiagnostics, type Diagnostic } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import type { AnyManifest, BrokenPolicy } from "../resource/manifest/kinds.ts";
import type { RouteResource } from "../resource/route.ts";
import { decodeSource } from "./decode.ts";
import { withoutDuplicates } from "./duplicates.ts";
import { readSources, type SourceFile, type Sources } from "./source.ts";

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
  /** The last reading of each file, so that a load costs what changed. */
  readonly #read = new Map<string, FileVersion>();
  /** The last accepted version without an error. */
  readonly #good = new Map<string, FileVersion>();
  /** What each file last took part with, for when it cannot be looked at. */
  readonly #accepted = new Map<string, FileVersion>();

  /** Reads all sources, in turns that leave the event loop free. Never rejects. */
  async load(sources: Sources): Promise<Loaded> {
    const pace = new Pace();
    const files: LoadedFile[] = [];
    const diagnostics: Diagnostic[] = [];
    const add = async (source: SourceFile, onDisk: boolean): Promise<void> => {
      const current = await this.#version(source, pace);
      const chosen = this.#choose(source.file, onDisk, current);
      // An empty file is what a writer leaves behind that truncates first and writes later.
      if (current.empty && chosen.used !== undefined) diagnostics.push(emptied(source.file));
      else diagnostics.push(...current.diagnostics);
      files.push(chosen);
    };
    for (const source of sources.documents) await add(source, false);
    if (sources.directories.length === 0) {
      for (const source of sources.embedded) await add(source, false);
    } else {
      const reading = await readSources(sources.directories);
      diagnostics.push(...reading.diagnostics);
      for (const source of reading.files) {
        if ("text" in source) {
          await add(source, true);
        } else {
          diagnostics.push(source.problem);
          files.push(this.#choose(source.file, true, undefined));
        }
      }
      const present = new Set(files.map(({ file }) => file));
      for (const [file, version] of this.#accepted) {
        if (present.has(file) || !reading.lost.some((path) => isBelow(file, path))) continue;
        files.push({ file, onDisk: true, current: version, used: version });
      }
    }
    return toLoaded(files, diagnostics);
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
    return changed ? { ...toLoaded(files, []), diagnostics: loaded.diagnostics } : undefined;
  }

  /** Says that a load is in force: its files are good from now on, but those that failed in themselves or are `failing`. */
  accept(loaded: Loaded, failing: ReadonlySet<string>): void {
    const present = new Set(loaded.files.map(({ file }) => file));
    for (const known of [this.#read, this.#good, this.#accepted]) {
      for (const file of known.keys()) if (!present.has(file)) known.delete(file);
    }
    for (const { file, current, used } of loaded.files) {
      if (used !== undefined) this.#accepted.set(file, used);
      if (current !== undefined && current === used && !current.failed && !failing.has(file))
        this.#good.set(file, current);
    }
  }

  async #version(source: SourceFile, pace: Pace): Promise<FileVersion> {
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

  #choose(file: string, onDisk: boolean, current: FileVersion | undefined): LoadedFile {
    // With an error and nothing earlier, none of its routes is used: half of a file may be its permissive half. Their claims
    // stay closed, or the clients of a specific route would get the general one. Manifests refer to each other by name, and
    // are kept apart by what is missing; of a broken policy what it is for is known.
    const usable = current !== undefined && !current.failed && !current.empty;
    const closed = current?.failed === true ? { ...current, resources: current.closed } : undefined;
    const used = usable ? current : (this.#good.get(file) ?? closed ?? this.#accepted.get(file));
    return { file, onDisk, ...(current === undefined ? {} : { current }), ...(used === undefined ? {} : { used }) };
  }
}

function toLoaded(files: readonly LoadedFile[], said: readonly Diagnostic[]): Loaded {
  const { manifests, diagnostics } = withoutDuplicates(files.flatMap(({ used }) => used?.manifests ?? []));
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  return {
    resources: files.flatMap(({ used }) => used?.resources ?? []),
    manifests,
    broken: files.flatMap(({ used }) => used?.broken ?? []),
    diagnostics: [...said, ...diagnostics].toSorted(compareDiagnostics),
    duplicating: new Set(errors.map(({ file }) => file)),
    fileCount: files.length,
    onDisk: new Set(files.filter(({ onDisk }) => onDisk).map(({ file }) => file)),
    files,
  };
}

function emptied(file: string): Diagnostic {
  const message = "Cannot take an empty file for its routes: its last good version goes on";
  const hint = "Delete the file to remove its routes";
  return { file, line: 1, column: 1, severity: "error", code: "config/emptied", message, hint };
}

function isBelow(file: string, path: string): boolean {
  return file === path || file.startsWith(path.endsWith("/") ? path : `${path}/`);
}
