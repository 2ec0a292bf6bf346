// From a YAML (or JSON) text to plain values with positions. The only file that knows the YAML library. Anybody's text
// may come in here: depth, size and alias expansion are bounded, and the work is done in turns, because it runs on the
// thread that carries the traffic and costs about half a millisecond per kilobyte.

import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type ParsedNode,
  Parser,
  type YAMLError,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";

import type { Diagnostic, Severity } from "../base/diagnostic.ts";
import { Pace } from "../base/pace.ts";
import { type KeyMark, Lines, type Mark } from "./mark.ts";

/** One document of a text. */
export interface YamlDocument {
  /** Plain data: maps are objects without a prototype. `null` for a document without content. */
  readonly value: unknown;
  readonly mark: Mark;
}

/** All documents that could be read, and what is wrong with the others. */
export interface ParsedText {
  readonly documents: readonly YamlDocument[];
  readonly lines: Lines;
  readonly diagnostics: readonly Diagnostic[];
}

/** Nesting of lists and maps. Routes need four levels; foreign manifests seldom twenty. */
const MAX_DEPTH = 100;
/** The library's stack has up to two entries for each level, and the document itself. */
const MAX_STACK = MAX_DEPTH * 2;
/** Values in one document once every alias is written out. A hundred thousand CIDRs fit ten times. */
const MAX_VALUES = 1_000_000;
/** Steps between looks at the clock. */
const STEPS_PER_LOOK = 200;
/** Messages of the library can quote long parts of the text. */
const MAX_MESSAGE_CHARS = 200;

/** Reads all documents of a text. A document with a YAML error is left out; those around it are not. Never rejects. */
export async function parseDocuments(file: string, text: string, pace: Pace = new Pace()): Promise<ParsedText> {
  const lines = new Lines(text);
  const diagnostics: Diagnostic[] = [];
  const report: Report = (offset, code, message, severity = "error", hint) => {
    const place = { file, ...lines.position(offset) };
    diagnostics.push({ ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) });
  };
  const documents: YamlDocument[] = [];
  for await (const composed of composeDocuments(text, report, pace)) {
    for (const warning of composed.warnings) reportYaml(warning, "warning", report);
    for (const error of composed.errors) reportYaml(error, "error", report);
    if (composed.errors.length > 0) continue;
    const before = diagnostics.length;
    const { value, mark } = await pace.run(new Converter(report).document(composed));
    if (!diagnostics.slice(before).some(({ severity }) => severity === "error")) documents.push({ value, mark });
  }
  return { documents, lines, diagnostics };
}

type Report = (offset: number, code: string, message: string, severity?: Severity, hint?: string) => void;

/** Drives the library token by token, with rests; ends early at a nesting that is too deep. */
async function* composeDocuments(text: string, report: Report, pace: Pace): AsyncGenerator<Document.Parsed> {
  const parser = new Parser();
  // Unique keys are checked while converting: the library compares each key with all others before it.
  const composer = new Composer({ uniqueKeys: false, stringKeys: true, merge: false });
  let steps = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) yield* composer.next(token);
    if (parser.stack.length > MAX_STACK) {
      report(parser.offset, "yaml/too-deep", `Lists and maps are nested more than ${MAX_DEPTH} levels deep`);
      return;
    }
    if (++steps % STEPS_PER_LOOK === 0 && pace.due()) await pace.rest();
  }
  for (const token of parser.end()) yield* composer.next(token);
  yield* composer.end();
}

function reportYaml(error: YAMLError, severity: Severity, report: Report): void {
  const [message = ""] = error.message.split("\n");
  const code = `yaml/${error.code.toLowerCase().replaceAll("_", "-")}`;
  report(error.pos[0], code, `Invalid YAML: ${message.slice(0, MAX_MESSAGE_CHARS)}`, severity);
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
  readonly #anchors = new Map<string, Converted>();

  constructor(report: Report) {
    this.#report = report;
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
      this.#report(offset, "yaml/unknown-alias", `Nothing before this has the anchor "&${node.source.slice(0, 40)}"`);
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
        this.#report(
          keyOffset,
          "yaml/duplicate-key",
          `Key ${JSON.stringify(key.slice(0, 60))} is already set in this map`,
        );
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
    return typeof value === "string" ? value : String(value);
  }

  *#list(node: YAMLSeq.Parsed): Generator<void, Converted> {
    const value: unknown[] = [];
    const marks: Mark[] = [];
    const offsets = new Uint32Array(node.items.length);
    let flat = true;
    let size = 1;
    for (const [index, item] of node.items.entries()) {
      if (index % STEPS_PER_LOOK === 0) yield;
      const child = isScalar(item) ? this.#leaf(item) : yield* this.#node(asNode(item), node.range[0]);
      flat &&= isScalar(item);
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
function asNode(item: ParsedNode | object): ParsedNode | null {
  return isMap(item) || isSeq(item) || isScalar(item) || isAlias(item) ? (item as ParsedNode) : null;
}
