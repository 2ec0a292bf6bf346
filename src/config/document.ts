// From a YAML (or JSON) text to plain values with positions. Only this file and compose.ts know how the YAML library reads, and
// only yaml-text.ts how it writes. Anybody's text may come in here: depth, size and alias expansion are bounded, and the
// work is done in turns, because it runs on the thread that carries the traffic and costs about half a millisecond per
// kilobyte.

import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

import { mentionsSecret } from "../base/conceal.ts";
import type { Diagnostic, Severity } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import { quote } from "../resource/rule.ts";
import { type ComposedDocument, composeDocuments, MAX_DEPTH, TooDeepError } from "./compose.ts";
import { type KeyMark, Lines, type Mark } from "./mark.ts";

/** One document of a text. */
export interface YamlDocument {
  /** Plain data: maps are objects without a prototype. `null` for a document without content. */
  readonly value: unknown;
  readonly mark: Mark;
}

/** A document that cannot be read: some of what it says is not known. */
export interface LostDocument extends YamlDocument {
  readonly text: string;
}

/** All documents that could be read, and what is wrong with the others. */
export interface ParsedText {
  readonly documents: readonly YamlDocument[];
  /** Values of those that say something twice or refer to nothing: what else they say can be read. */
  readonly damaged: readonly YamlDocument[];
  /** Those that cannot be read, as they are written, and what could be made of them. */
  readonly lost: readonly LostDocument[];
  readonly lines: Lines;
  readonly diagnostics: readonly Diagnostic[];
}

/** Values in one document once every alias is written out. A hundred thousand CIDRs fit ten times. */
const MAX_VALUES = 1_000_000;
/** Steps between looks at the clock. */
const STEPS_PER_LOOK = 200;
/** Of each kind, in one document. Nobody reads more. */
const MAX_PROBLEMS = 200;
/** For those who write `*` or `*.example.com`. */
const STAR_HINT = "Write a name with a * in quotes: without them it stands for something that has an anchor";
/** Messages of the library can quote long parts of the text. */
const MAX_MESSAGE_CHARS = 200;

/** What this file says itself about a document; none of it takes values from the text. */
const WITHOUT_VALUES: ReadonlySet<string> = new Set(["yaml/duplicate-key", "yaml/too-large", "yaml/too-deep"]);

/** Reads all documents of a text. A document with a YAML error is left out; those around it are not. Never rejects. */
export async function parseDocuments(file: string, text: string, pace: Pace = new Pace()): Promise<ParsedText> {
  const lines = new Lines(text);
  const diagnostics: Diagnostic[] = [];
  // What is there in the place of something else can be what must not be shown.
  const isDiscreet = mentionsSecret(text);
  const report: Report = (offset, code, said, severity = "error", hint) => {
    const place = { file, ...lines.position(offset) };
    const words = code.slice("yaml/".length).replaceAll("-", " ");
    const message = isDiscreet && !WITHOUT_VALUES.has(code) ? `Invalid YAML: ${words}` : said;
    diagnostics.push({ ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) });
  };
  const documents: YamlDocument[] = [];
  const damaged: YamlDocument[] = [];
  const lost: LostDocument[] = [];
  let start = 0;
  try {
    for await (const { document, parts } of composeDocuments(text, pace)) {
      const before = diagnostics.length;
      reportYaml(document, report);
      const own = text.slice(start, document.range[2]);
      start = document.range[2];
      // A document with a YAML error holds only what the library made of it.
      if (document.errors.length > 0) {
        const left = await pace.run(new Converter(() => {}, parts).document(document));
        lost.push({ ...(left.size <= MAX_VALUES ? left : { value: null, mark: left.mark }), text: own });
        continue;
      }
      const converted = await pace.run(new Converter(report, parts).document(document));
      const failed = diagnostics.slice(before).some(({ severity }) => severity === "error");
      if (!failed) documents.push(converted);
      else if (converted.size <= MAX_VALUES) damaged.push(converted);
      else lost.push({ value: null, mark: converted.mark, text: own });
    }
  } catch (error) {
    if (!(error instanceof TooDeepError)) throw error;
    lost.push({ value: null, mark: { offset: error.offset }, text: text.slice(start) });
    report(error.offset, "yaml/too-deep", `Lists and maps are nested more than ${MAX_DEPTH} levels deep`);
  }
  return { documents, damaged, lost, lines, diagnostics };
}

type Report = (offset: number, code: string, message: string, severity?: Severity, hint?: string) => void;

/** What the library said about a document or a part of one. */
function reportYaml(said: { errors: readonly YAMLError[]; warnings: readonly YAMLError[] }, report: Report): void {
  const tell = (problem: YAMLError, severity: Severity): void => {
    const [message = ""] = problem.message.split("\n");
    const code = `yaml/${problem.code.toLowerCase().replaceAll("_", "-")}`;
    const hint = problem.code === "BAD_ALIAS" ? STAR_HINT : undefined;
    report(problem.pos[0], code, `Invalid YAML: ${message.slice(0, MAX_MESSAGE_CHARS)}`, severity, hint);
  };
  for (const warning of said.warnings.slice(0, MAX_PROBLEMS)) tell(warning, "warning");
  for (const error of said.errors.slice(0, MAX_PROBLEMS)) tell(error, "error");
}

/** A value, where it stands, and how many values it is with every alias written out. */
interface Converted {
  readonly value: unknown;
  readonly mark: Mark;
  readonly size: number;
}

/** Turns the library's nodes into plain values and marks. One for each document, because anchors are. */
class Converter {
  readonly #report: Report;
  readonly #parts: ComposedDocument["parts"];
  readonly #anchors = new Map<string, Converted>();

  constructor(report: Report, parts: ComposedDocument["parts"]) {
    this.#report = report;
    this.#parts = parts;
  }

  *document(document: Document.Parsed): Generator<void, Converted> {
    const converted = yield* this.#node(document.contents, document.range[0]);
    if (converted.size > MAX_VALUES) {
      const message = `The document has more than ${MAX_VALUES} values once its aliases are written out`;
      this.#report(converted.mark.offset, "yaml/too-large", message);
    }
    return converted;
  }

  *#node(node: ParsedNode | null, offset: number): Generator<void, Converted> {
    if (node === null) return { value: null, mark: { offset }, size: 1 };
    if (isMap(node)) return this.#keep(node, yield* this.#map(node));
    if (isSeq(node)) return this.#keep(node, yield* this.#list(node));
    return this.#leaf(node);
  }

  #leaf(node: ParsedNode): Converted {
    const [offset] = node.range;
    if (isScalar(node))
      return this.#keep(node, { value: plainScalar(node.value, node.source), mark: { offset }, size: 1 });
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      // The value itself is found where the alias stands, what is inside it where it was written.
      if (target !== undefined) return { ...target, mark: { ...target.mark, offset } };
      const message = `Nothing before this has the anchor "&${node.source.slice(0, 40)}"`;
      const hint = node.source.startsWith(".") ? STAR_HINT : undefined;
      this.#report(offset, "yaml/unknown-alias", message, "error", hint);
    }
    return { value: null, mark: { offset }, size: 1 };
  }

  *#map(node: YAMLMap.Parsed): Generator<void, Converted> {
    const value: Record<string, unknown> = Object.create(null);
    const children = new Map<string, KeyMark>();
    let size = 1;
    for (const [index, pair] of node.items.entries()) {
      if (index % STEPS_PER_LOOK === 0) yield;
      const keyOffset = pair.key.range[0];
      const key = this.#key(pair.key);
      const first = children.get(key);
      if (first !== undefined) {
        this.#report(keyOffset, "yaml/duplicate-key", `Key ${quote(key)} is already set in this map`);
      }
      const child = yield* this.#node(pair.value, keyOffset);
      children.set(key, { keyOffset, value: child.mark });
      value[key] = child.value;
      size += child.size;
    }
    return { value, mark: { offset: node.range[0], children }, size };
  }

  #key(node: ParsedNode): string {
    const { value } = this.#leaf(node);
    if (typeof value === "string") return value;
    // An alias can stand for a list or a map, of which there is no text; the library has told that it is no key.
    return typeof value === "object" && value !== null ? "" : String(value);
  }

  *#list(node: YAMLSeq.Parsed): Generator<void, Converted> {
    const part = this.#parts.get(node.srcToken);
    if (part !== undefined) reportYaml(part, this.#report);
    const items: readonly unknown[] = part === undefined ? node.items : [...part.items, ...node.items];
    const value: unknown[] = [];
    const marks: Mark[] = [];
    const offsets = new Uint32Array(items.length);
    let flat = true;
    let size = 1;
    for (const [index, item] of items.entries()) {
      if (index % STEPS_PER_LOOK === 0) yield;
      const entry = asNode(item);
      const child = isScalar(entry) ? this.#leaf(entry) : yield* this.#node(entry, node.range[0]);
      flat &&= isScalar(entry);
      value.push(child.value);
      marks.push(child.mark);
      offsets[index] = child.mark.offset;
      size += child.size;
    }
    return { value, mark: { offset: node.range[0], children: flat ? offsets : marks }, size };
  }

  #keep(node: { anchor?: string }, converted: Converted): Converted {
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, converted);
    return converted;
  }
}

/** Numbers too large for exactness, dates and the like stay what was written: no route has a use for them. */
function plainScalar(value: unknown, source: string): unknown {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return source;
}

/** In YAML 1.1's `!!pairs` the items of a list are pairs, not nodes; no dialect has a use for them. */
function asNode(item: unknown): ParsedNode | null {
  return isMap(item) || isSeq(item) || isScalar(item) || isAlias(item) ? (item as ParsedNode) : null;
}
