// What a tree of routes, and the single files that they refer to, look like from outside: short texts that differ whenever
// a file might say something else, and the directories to watch. Nothing is read but directories and file attributes, so
// a look is cheap.

import { createHash, type Hash } from "node:crypto";
import type { Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { isIgnoredName, isRouteFileName } from "./source.ts";
import { stampAt, stampOf, stampOfError } from "./stamp.ts";
import { statAll } from "./stat-all.ts";

/** The outcome of one look. */
export interface Survey {
  /** Equal for two looks between which nothing was written, renamed, added or removed. */
  readonly signature: string;
  /** What is at each of the single files (`stampAt`). */
  readonly stamps: ReadonlyMap<string, string>;
  /** Directories below and including the given ones, by path, with what tells one from another at the same path. */
  readonly directories: ReadonlyMap<string, string>;
  /** Parents of the given paths and files: each can be replaced as a whole. */
  readonly parents: ReadonlyMap<string, Parent>;
}

/** A directory in which some names matter. */
export interface Parent {
  readonly names: ReadonlySet<string>;
  /** What tells it from another at the same path; empty when it is not there. */
  readonly identity: string;
}

/** As deep as `readSources` goes. */
const MAX_DEPTH = 32;
/** As many names as `readSources` looks at. */
const MAX_ENTRIES = 100_000;

/** How Kubernetes replaces all files of a volume at once: each is a link through this one. */
const DATA_LINK = "..data";

/**
 * Looks at the given directories and files with routes, and at single files by absolute path. Never rejects: what cannot be
 * looked at is part of the outcome.
 */
export async function surveySources(paths: readonly string[], files: Iterable<string> = []): Promise<Survey> {
  const surveyor = new Surveyor();
  for (const path of paths) await surveyor.path(resolve(path));
  for (const file of files) await surveyor.file(file);
  return surveyor.finish();
}

class Surveyor {
  readonly #hash: Hash = createHash("sha256");
  readonly #directories = new Map<string, string>();
  readonly #parents = new Map<string, { readonly names: Set<string>; readonly identity: string }>();
  readonly #stamps = new Map<string, string>();
  /** Directories by identity, against links that go round in circles. */
  readonly #seen = new Set<string>();
  #entries = 0;

  async path(path: string): Promise<void> {
    await this.#parent(path);
    const found = await this.#look(path);
    if (found?.isDirectory() === true) await this.#directory(path, found, 0);
  }

  async file(file: string): Promise<void> {
    await this.#parent(file, DATA_LINK);
    try {
      // A link may stay as it is while what it leads to is written.
      const real = await realpath(file);
      if (real !== file) await this.#parent(real);
    } catch {
      // It is not there, which the stamp tells.
    }
    this.#stamps.set(file, await stampAt(file));
  }

  finish(): Survey {
    const signature = this.#hash.digest("base64");
    return { signature, stamps: this.#stamps, directories: this.#directories, parents: this.#parents };
  }

  async #parent(path: string, ...more: readonly string[]): Promise<void> {
    const parent = dirname(path);
    if (parent === path) return;
    const known = this.#parents.get(parent) ?? { names: new Set<string>(), identity: await identityAt(parent) };
    this.#parents.set(parent, known);
    for (const name of [basename(path), ...more]) known.names.add(name);
  }

  async #directory(directory: string, found: Stats, depth: number): Promise<void> {
    const identity = identityOf(found);
    if (this.#seen.has(identity) || depth > MAX_DEPTH || this.#entries > MAX_ENTRIES) return;
    this.#seen.add(identity);
    this.#directories.set(directory, identity);
    let names: readonly string[];
    try {
      names = (await readdir(directory)).toSorted();
    } catch (error) {
      this.#hash.update(`${directory}\0${String(error)}\n`);
      return;
    }
    this.#entries += names.length;
    const wanted = names.filter((name) => !isIgnoredName(name));
    const entries = await statAll(wanted.map((name) => join(directory, name)));
    for (const [index, name] of wanted.entries()) {
      const path = join(directory, name);
      const entry = this.#note(path, entries[index], isRouteFileName(name));
      if (entry?.isDirectory() === true) await this.#directory(path, entry, depth + 1);
    }
  }

  async #look(path: string): Promise<Stats | undefined> {
    const [found] = await statAll([path]);
    return this.#note(path, found, true);
  }

  /** The attributes of what is at a path, which go into the signature when its contents matter. */
  #note(path: string, found: Stats | Error | undefined, matters: boolean): Stats | undefined {
    if (found === undefined || found instanceof Error) {
      if (matters) this.#hash.update(`${path}\0${stampOfError(found)}\n`);
      return undefined;
    }
    if (found.isDirectory()) this.#hash.update(`${path}\0${identityOf(found)}\n`);
    else if (matters) this.#hash.update(`${path}\0${stampOf(found)}\n`);
    return found;
  }
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

async function identityAt(directory: string): Promise<string> {
  try {
    return identityOf(await stat(directory));
  } catch {
    return "";
  }
}
