// Reads the texts that routes refer to within one load: every file once, however many routes name it, so that all of them
// see the same certificate.

import { createHash } from "node:crypto";
import { isAbsolute, resolve } from "node:path";

import { conceal } from "../base/conceal.ts";
import { type CredentialFile, readCredentialFile } from "./credential-file.ts";
import { type CredentialPart, type Finding, Findings } from "./credential-finding.ts";
import type { CredentialText } from "./credential-text.ts";
import type { SourceUse } from "./credential-use.ts";

/** Texts that are judged together, as they are now. */
export interface ReadTexts {
  /** What tells them from others across loads; absent: it cannot be known what is meant. */
  readonly key?: string;
  /** Of their contents; absent when one of them could not be read. */
  readonly hash?: string;
  readonly texts: Readonly<Partial<Record<CredentialPart, CredentialText>>>;
  /** Whether some of them are in files that were not read, because they belong to another machine. */
  readonly unread: boolean;
  /** What there is to say about the files themselves. */
  readonly findings: readonly Finding[];
}

/** One text. */
interface ReadText {
  readonly key?: string;
  readonly text?: CredentialText;
}

/** Of longer paths the end is shown. */
const MAX_SHOWN_CHARS = 64;

export class CredentialReader {
  readonly #readFiles: boolean;
  readonly #files = new Map<string, Promise<CredentialFile>>();
  readonly #stamps = new Map<string, string>();

  /** Without `readFiles`, of paths it is only judged whether they could be read elsewhere. */
  constructor(readFiles: boolean) {
    this.#readFiles = readFiles;
  }

  /** Absolute paths that were asked for, and what was there. */
  get stamps(): ReadonlyMap<string, string> {
    return this.#stamps;
  }

  /** Reads texts that belong together. `directory` is what relative paths are relative to. Never rejects. */
  async read(sources: readonly SourceUse[], directory: string | undefined): Promise<ReadTexts> {
    const findings = new Findings();
    const texts: Partial<Record<CredentialPart, CredentialText>> = {};
    const keys: string[] = [];
    const hash = createHash("sha256");
    for (const use of sources) {
      const { key, text } = await this.#text(use, directory, findings);
      if (key !== undefined) keys.push(`${use.part}\0${key}`);
      if (text === undefined) continue;
      texts[use.part] = text;
      hash.update(`${use.part}\0${text.bytes.length}\0`).update(text.bytes);
    }
    return {
      ...(keys.length === sources.length ? { key: keys.join("\0") } : {}),
      ...(Object.keys(texts).length === sources.length ? { hash: hash.digest("base64") } : {}),
      texts,
      unread: !this.#readFiles && sources.some(({ source }) => "file" in source),
      findings: findings.all,
    };
  }

  async #text({ part, source }: SourceUse, directory: string | undefined, findings: Findings): Promise<ReadText> {
    if ("text" in source) {
      const bytes = new TextEncoder().encode(source.text);
      const key = `text\0${createHash("sha256").update(bytes).digest("base64")}`;
      return { key, text: { called: "The text", file: "FILE", bytes } };
    }
    const path = absolutePath(source.file, directory);
    const called = `"${shownPath(source.file)}"`;
    if (path === undefined) {
      const message = `The path ${called} is relative, and this route is not in a directory`;
      findings.error(part, "relative-path", message, "Write an absolute path, or the text in PEM itself");
      return {};
    }
    if (!this.#readFiles) return { key: path };
    const { content, exposed } = await this.#file(path);
    if ("why" in content) {
      const hint = path === source.file ? undefined : `It is looked for at "${shownPath(path)}"`;
      findings.error(part, content.code, `Cannot read ${called}: ${content.why}`, hint);
      return { key: path };
    }
    if (exposed && part === "key") {
      const message = `Others than its owner can read the key file ${called}`;
      findings.note(part, "key-exposed", message, "Give it mode 0600");
    }
    return {
      key: path,
      text: { called, file: shownPath(source.file) === source.file ? source.file : "FILE", bytes: content },
    };
  }

  async #file(path: string): Promise<CredentialFile> {
    const reading = this.#files.get(path) ?? readCredentialFile(path);
    this.#files.set(path, reading);
    const file = await reading;
    this.#stamps.set(path, file.stamp);
    return file;
  }
}

/** A path as messages have it: short, and without what could be a key that was written in its place. */
function shownPath(path: string): string {
  const shown = conceal(path);
  return shown.length <= MAX_SHOWN_CHARS ? shown : `…${shown.slice(-MAX_SHOWN_CHARS)}`;
}

/** The path that is meant; `undefined` when it is relative to nothing. */
export function absolutePath(file: string, directory: string | undefined): string | undefined {
  if (isAbsolute(file)) return resolve(file);
  return directory === undefined ? undefined : resolve(directory, file);
}
