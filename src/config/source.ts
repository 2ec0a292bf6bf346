// A source is a text with a name: a route file, a document put through the admin API, or a file embedded in the binary.
// Reading files ends here; what is in them is not looked at, beyond whether it is text at all.

import type { Stats } from "node:fs";
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import type { Diagnostic, Position } from "../base/diagnostic.ts";
import { stampOf } from "./stamp.ts";
import { statAll } from "./stat-all.ts";

/** One text to read documents from. */
export interface SourceFile {
  /** As diagnostics show it; unique. */
  readonly file: string;
  readonly text: string;
}

/** Where routes come from, in order of precedence (design 5). */
export interface Sources {
  /** Documents put through the admin API, named `document:NAME`. */
  readonly documents: readonly SourceFile[];
  /** Directories (or single files) given on the command line. */
  readonly directories: readonly string[];
  /** Used when `directories` is empty. */
  readonly embedded: readonly SourceFile[];
}

/** A file that is there and cannot be used as it is. */
export interface UnreadableFile {
  readonly file: string;
  readonly problem: Diagnostic;
}

/** What was found at the given paths. */
export interface SourceReading {
  /** By the order of the given paths, then by name. */
  readonly files: readonly (SourceFile | UnreadableFile)[];
  /** Paths that could not be looked into, so that nothing is known about the files below them. */
  readonly lost: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A file this large takes seconds to read; routes of a hundred thousand CIDRs have a quarter of it. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;
/** Somebody who gives `/` as a directory of routes should hear about it, soon. */
const MAX_ENTRIES = 100_000;
/** Below this, a path is more likely a mistake (or a trap) than a tree of routes. */
const MAX_DEPTH = 32;

/** Whether a name found in a directory is left out: hidden, an example, or an editor's leftover. */
export function isIgnoredName(name: string): boolean {
  return /^[._#]/.test(name);
}

/** Whether a file found in a directory holds routes, by its name. */
export function isRouteFileName(name: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(name) && !isIgnoredName(name);
}

/** Files as they were read, so that those that did not change need not be read again. */
export class SourceMemory {
  readonly #files = new Map<string, Remembered>();

  /** What was read of a file that still looks like this. */
  find(file: string, found: Stats): Remembered | undefined {
    const known = this.#files.get(file);
    return known?.stamp === stampOf(found) ? known : undefined;
  }

  /** `found` is how it looked before it was read. Shortly after a change the next one may look the same. */
  keep(file: string, found: Stats, real: string, source: SourceFile): void {
    if (Date.now() - Math.max(found.mtimeMs, found.ctimeMs) > SETTLED_MS) {
      this.#files.set(file, { stamp: stampOf(found), real, source });
    } else this.#files.delete(file);
  }

  /** Forgets all other files. */
  keepOnly(files: ReadonlySet<string>): void {
    for (const file of this.#files.keys()) if (!files.has(file)) this.#files.delete(file);
  }
}

interface Remembered {
  readonly stamp: string;
  readonly real: string;
  readonly source: SourceFile;
}

/** The coarsest clock that a file system has. */
const SETTLED_MS = 2_000;

/**
 * Reads directories, recursively, and single files. Each real file is read once, whatever leads to it; a file that goes
 * away meanwhile is as if it had not been there. One that `memory` knows and that did not change is the same object as before.
 * Never rejects.
 */
export async function readSources(
  paths: readonly string[],
  memory: SourceMemory = new SourceMemory(),
): Promise<SourceReading> {
  const reader = new SourceReader(memory);
  for (const path of paths) await reader.path(path);
  memory.keepOnly(new Set(reader.files.map(({ file }) => file)));
  return reader;
}

class SourceReader implements SourceReading {
  readonly files: (SourceFile | UnreadableFile)[] = [];
  readonly lost: string[] = [];
  readonly diagnostics: Diagnostic[] = [];
  /** Real paths that were read, against links that lead to one place twice, or round and round. */
  readonly #seen = new Set<string>();
  readonly #memory: SourceMemory;
  #entries = 0;

  constructor(memory: SourceMemory) {
    this.#memory = memory;
  }

  /** Reads what somebody named: it must be there, and a file may have any name. */
  async path(path: string): Promise<void> {
    try {
      const found = await stat(path);
      if (found.isDirectory()) await this.#directory(path, 0);
      else await this.#file(path, found, undefined);
    } catch (error) {
      this.#lose(path, error);
    }
  }

  async #directory(directory: string, depth: number): Promise<void> {
    const real = await realpath(directory);
    if (this.#seen.has(real) || this.#entries > MAX_ENTRIES) return;
    this.#seen.add(real);
    const names = (await readdir(directory)).toSorted();
    this.#entries += names.length;
    if (this.#entries > MAX_ENTRIES || depth > MAX_DEPTH) {
      const limit = depth > MAX_DEPTH ? `more than ${MAX_DEPTH} levels deep` : `more than ${MAX_ENTRIES} names`;
      const message = `Cannot read all of this directory: ${limit}`;
      this.diagnostics.push(wholeFile(directory, "config/too-many-files", message, "Give a directory of routes"));
      return;
    }
    const wanted = names.filter((name) => !isIgnoredName(name));
    const found = await statAll(wanted.map((name) => join(directory, name)));
    for (const [index, name] of wanted.entries()) {
      const entry = found[index];
      if (entry !== undefined) await this.#entry(join(directory, name), join(real, name), entry, depth);
    }
  }

  /** `own`: where it really is, if it is no link. */
  async #entry(path: string, own: string, found: Stats | Error, depth: number): Promise<void> {
    const name = basename(path);
    if (found instanceof Error) {
      // Gone since the directory was listed, or a link to nothing: it is not there. A link in circles is no directory.
      // Of anything else it is not known what it would have been.
      const errno = errnoOf(found);
      if (errno !== "ENOENT" && (errno !== "ELOOP" || isRouteFileName(name))) this.#lose(path, found);
      return;
    }
    if (found.isDirectory()) {
      try {
        await this.#directory(path, depth + 1);
      } catch (error) {
        if (errnoOf(error) !== "ENOENT") this.#lose(path, error);
      }
    } else if (isRouteFileName(name)) {
      await this.#file(path, found, own);
    }
  }

  async #file(file: string, found: Stats, own: string | undefined): Promise<void> {
    // A pipe would never end and a device never be finished.
    if (!found.isFile()) return this.#refuse(file, "config/not-a-file", "Cannot read this: it is not a regular file");
    if (found.size > MAX_FILE_BYTES) return this.#refuseSize(file, found.size);
    const known = this.#memory.find(file, found);
    if (known !== undefined) {
      // What is not where its name is was reached through a link, which may go another way now to the same file.
      const real = known.real === own ? own : await realpath(file).catch(() => known.real);
      if (this.#seen.has(real)) return;
      this.#seen.add(real);
      this.files.push(known.source);
      return;
    }
    let bytes: Uint8Array;
    let real: string;
    try {
      real = await realpath(file);
      if (this.#seen.has(real)) return;
      this.#seen.add(real);
      bytes = await readFile(file);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT")
        this.#refuse(file, "config/unreadable", `Cannot read this file: ${reasonOf(error)}`);
      return;
    }
    if (bytes.length > MAX_FILE_BYTES) return this.#refuseSize(file, bytes.length);
    const decoded = decodeText(bytes);
    if ("text" in decoded) {
      const source = { file, text: decoded.text };
      this.#memory.keep(file, found, real, source);
      this.files.push(source);
    } else this.files.push({ file, problem: { file, severity: "error", code: "config/not-text", ...decoded } });
  }

  #refuseSize(file: string, bytes: number): void {
    const message = `The file has ${mebibytes(bytes)}: at most ${mebibytes(MAX_FILE_BYTES)} are read`;
    this.#refuse(file, "config/too-large", message, "Split it into several files");
  }

  #refuse(file: string, code: string, message: string, hint?: string): void {
    this.files.push({ file, problem: wholeFile(file, code, message, hint) });
  }

  #lose(path: string, error: unknown): void {
    this.lost.push(path);
    this.diagnostics.push(wholeFile(path, "config/unreadable", `Cannot read this path: ${reasonOf(error)}`));
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** The text of some bytes, or where and why they are none. */
export function decodeText(bytes: Uint8Array): { text: string } | (Position & { message: string; hint?: string }) {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { line: 1, column: 1, message: "The file is UTF-16: wanted is UTF-8", hint: "Save it as UTF-8" };
  }
  const text = new TextDecoder().decode(bytes);
  const nul = text.indexOf("\0");
  if (nul !== -1) return { ...placeOf(text, nul), message: "The file contains a NUL byte: it is not a text" };
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { text };
  } catch {
    // The lenient reading put a replacement character where the strict one failed.
    const place = placeOf(text, text.indexOf("\u{FFFD}"));
    return { ...place, message: "The file is not valid UTF-8", hint: "Save it as UTF-8" };
  }
}

function placeOf(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(offset, 0)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function wholeFile(file: string, code: string, message: string, hint?: string): Diagnostic {
  return { file, line: 0, column: 0, severity: "error", code, message, ...(hint === undefined ? {} : { hint }) };
}

function errnoOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function reasonOf(error: unknown): string {
  switch (errnoOf(error)) {
    case "ENOENT":
      return "there is no such file or directory";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "ELOOP":
      return "its symbolic links go round in circles";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
