// What a tree of routes looks like from outside: one short text that differs whenever a file might say something else,
// and the directories to watch. Nothing is read but directories and file attributes, so a look is cheap.

import { createHash, type Hash } from "node:crypto";
import type { Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { isIgnoredName, isRouteFileName } from "./source.ts";

/** The outcome of one look. */
export interface Survey {
  /** Equal for two looks between which nothing was written, renamed, added or removed. */
  readonly signature: string;
  /** Directories below and including the given ones, by path, with what tells one from another at the same path. */
  readonly directories: ReadonlyMap<string, string>;
  /** Parents of the given paths, with the names in them that matter: a path can be replaced as a whole. */
  readonly parents: ReadonlyMap<string, ReadonlySet<string>>;
}

/** As deep as `readSources` goes. */
const MAX_DEPTH = 32;
/** As many names as `readSources` looks at. */
const MAX_ENTRIES = 100_000;

/** Looks at the given directories and files. Never rejects: what cannot be looked at is part of the signature. */
export async function surveySources(paths: readonly string[]): Promise<Survey> {
  const surveyor = new Surveyor();
  for (const path of paths) await surveyor.path(resolve(path));
  return surveyor.finish();
}

class Surveyor {
  readonly #hash: Hash = createHash("sha256");
  readonly #directories = new Map<string, string>();
  readonly #parents = new Map<string, Set<string>>();
  /** Directories by identity, against links that go round in circles. */
  readonly #seen = new Set<string>();
  #entries = 0;

  async path(path: string): Promise<void> {
    const parent = dirname(path);
    if (parent !== path) {
      const names = this.#parents.get(parent) ?? new Set<string>();
      this.#parents.set(parent, names.add(path.slice(parent.length).replace(/^[/\\]/, "")));
    }
    const found = await this.#look(path);
    if (found?.isDirectory() === true) await this.#directory(path, found, 0);
  }

  finish(): Survey {
    return { signature: this.#hash.digest("base64"), directories: this.#directories, parents: this.#parents };
  }

  async #directory(directory: string, found: Stats, depth: number): Promise<void> {
    const identity = `${found.dev}:${found.ino}`;
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
    for (const name of names) {
      if (isIgnoredName(name)) continue;
      const path = join(directory, name);
      const entry = await this.#look(path, isRouteFileName(name));
      if (entry?.isDirectory() === true) await this.#directory(path, entry, depth + 1);
    }
  }

  /** The attributes of what is at a path, which go into the signature when its contents matter. */
  async #look(path: string, matters = true): Promise<Stats | undefined> {
    try {
      const found = await stat(path);
      if (found.isDirectory()) this.#hash.update(`${path}\0${found.dev}:${found.ino}\n`);
      else if (matters) {
        // The change time also tells of permissions, and of a file that was put back with its old modification time.
        const { dev, ino, size, mtimeMs, ctimeMs } = found;
        this.#hash.update(`${path}\0${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}\n`);
      }
      return found;
    } catch (error) {
      if (matters)
        this.#hash.update(`${path}\0${error instanceof Error && "code" in error ? String(error.code) : ""}\n`);
      return undefined;
    }
  }
}
