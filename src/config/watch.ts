// Tells when routes, or files that they refer to, may have changed. The kernel's word is only a hint to look: what counts is whether the survey of the
// tree differs from the last one. So a hint too many costs a look, and one too few is made up for by a slow poll, which
// is also all there is where watching fails. Directories are watched, never files: a watched file that is replaced by
// a rename falls silent for good.

import { type FSWatcher, watch } from "node:fs";

import { GatewayError } from "../base/gateway-error.ts";
import { isIgnoredName } from "./source.ts";
import { type Survey, surveySources } from "./survey.ts";

/** When to look, and who hears what goes wrong. */
export interface WatchOptions {
  /** Look when nothing has happened for this long: editors and deployments write several files in a row. */
  readonly quietMs?: number;
  /** Look after this long even if things keep happening. */
  readonly maxWaitMs?: number;
  /** Look this often in any case. */
  readonly pollMs?: number;
  /** A directory cannot be watched, said once for each kind of error; polling goes on. Code `config/watch-failed`. */
  readonly onError?: (error: GatewayError) => void;
}

/** A running watch. */
export interface SourceWatch {
  /** Resolves after the first look. Changes from then on are reported: load for the first time after this. */
  readonly ready: Promise<void>;
  /**
   * Watches these files too, by absolute path, and no longer those given before. Each comes with the stamp (`stampAt`) of
   * what was read: a difference is reported, also one that came up before this call.
   */
  alsoWatch(files: ReadonlyMap<string, string>): void;
  /** Stops; `onChange` is not called any more. */
  close(): void;
}

const DEFAULT_QUIET_MS = 100;
const DEFAULT_MAX_WAIT_MS = 1000;
const DEFAULT_POLL_MS = 10_000;
/** Each watched directory takes a kernel resource that all programs of a user share. */
const MAX_WATCHES = 4096;
/** New directories can appear while watches are set up; after a few rounds the poll will do. */
const MAX_ROUNDS = 3;

/** Watches directories with routes, recursively, and single files. Never throws; `onChange` must not either. */
export function watchSources(paths: readonly string[], onChange: () => void, options: WatchOptions = {}): SourceWatch {
  return new Watcher(paths, onChange, options);
}

class Watcher implements SourceWatch {
  readonly ready: Promise<void>;
  readonly #paths: readonly string[];
  readonly #onChange: () => void;
  readonly #options: WatchOptions;
  readonly #watches = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>();
  readonly #reported = new Set<string>();
  #signature: string | undefined;
  /** Single files, with the last known stamp of each. */
  #files: ReadonlyMap<string, string> = new Map();
  /** When the first hint came that was not looked into yet. */
  #hintedAt: number | undefined;
  #lookedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #looking = false;
  #closed = false;

  constructor(paths: readonly string[], onChange: () => void, options: WatchOptions) {
    this.#paths = paths;
    this.#onChange = onChange;
    this.#options = options;
    this.ready = this.#look();
  }

  alsoWatch(files: ReadonlyMap<string, string>): void {
    this.#files = files;
    // Those that are new have to be watched, and may have changed since they were read.
    this.#hint();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  /** Surveys the tree, watches what is new in it, and reports a difference. */
  async #look(): Promise<void> {
    this.#looking = true;
    this.#hintedAt = undefined;
    clearTimeout(this.#timer);
    const files = this.#files;
    let survey = await surveySources(this.#paths, files.keys());
    // What came into a new directory before it was watched made no event, so a look must follow each new watch.
    for (let round = 1; round < MAX_ROUNDS && this.#sync(survey); round++) {
      survey = await surveySources(this.#paths, files.keys());
    }
    this.#looking = false;
    this.#lookedAt = performance.now();
    if (this.#closed) return;
    let changed = this.#signature !== undefined && this.#signature !== survey.signature;
    this.#signature = survey.signature;
    // Other files were named meanwhile: another look is due, and what was seen of these does not count.
    if (files === this.#files) {
      changed ||= Array.from(survey.stamps).some(([file, stamp]) => files.get(file) !== stamp);
      this.#files = survey.stamps;
    }
    this.#schedule();
    if (changed) this.#onChange();
  }

  #schedule(): void {
    if (this.#closed || this.#looking) return;
    const { quietMs = DEFAULT_QUIET_MS, maxWaitMs = DEFAULT_MAX_WAIT_MS, pollMs = DEFAULT_POLL_MS } = this.#options;
    const now = performance.now();
    const hinted = this.#hintedAt === undefined ? Infinity : Math.min(quietMs, this.#hintedAt + maxWaitMs - now);
    clearTimeout(this.#timer);
    // A hint never puts off the poll.
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, Math.min(hinted, this.#lookedAt + pollMs - now)));
    this.#timer.unref();
  }

  #hint(): void {
    this.#hintedAt ??= performance.now();
    this.#schedule();
  }

  /** Makes the watches those of this survey; whether there is a new one. */
  #sync({ directories, parents }: Survey): boolean {
    if (this.#closed) return false;
    const wanted = new Map<string, string>();
    for (const path of [...parents.keys(), ...directories.keys()]) {
      const parent = parents.get(path);
      const names = parent === undefined ? [] : [parent.identity, ...[...parent.names].toSorted()];
      wanted.set(path, [directories.get(path) ?? "", ...names].join("\0"));
    }
    for (const [path, { identity, watcher }] of this.#watches) {
      if (wanted.get(path) === identity) continue;
      watcher.close();
      this.#watches.delete(path);
    }
    let added = false;
    for (const [path, identity] of wanted) {
      if (this.#watches.has(path) || this.#watches.size >= MAX_WATCHES) continue;
      const watcher = this.#watch(path, parents.get(path)?.names ?? new Set(), directories.has(path));
      if (watcher === undefined) continue;
      this.#watches.set(path, { identity, watcher });
      added = true;
    }
    return added;
  }

  /** Watches one directory for these names, and for all that can be routes when it `holdsRoutes`. */
  #watch(path: string, names: ReadonlySet<string>, holdsRoutes: boolean): FSWatcher | undefined {
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) => {
        if (name === null || names.has(name) || (holdsRoutes && mayMatter(name))) this.#hint();
      });
      watcher.on("error", (error) => {
        watcher.close();
        if (this.#watches.get(path)?.watcher === watcher) this.#watches.delete(path);
        this.#report(path, error);
      });
      return watcher;
    } catch (error) {
      this.#report(path, error);
      return undefined;
    }
  }

  #report(path: string, error: unknown): void {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // Gone since the survey: the next look will see that.
    if (this.#closed || code === "ENOENT" || this.#reported.has(code)) return;
    this.#reported.add(code);
    const advice = code === "ENOSPC" ? "; raise fs.inotify.max_user_watches" : "";
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Cannot watch "${path}": ${reason}${advice}; changes are noticed later, by polling`;
    this.#options.onError?.(new GatewayError("config/watch-failed", message, error));
  }
}

/** Whether a name in a watched directory can lead to routes. `..data` is how Kubernetes replaces all files at once. */
function mayMatter(name: string): boolean {
  return name.startsWith("..") || !isIgnoredName(name);
}
