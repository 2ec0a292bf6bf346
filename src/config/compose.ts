// Drives the YAML library in turns. Its lexer and parser go token by token, but its composer takes a document whole, and
// a list of a hundred thousand entries takes it a tenth of a second. So long lists are cut out of the syntax tree, the
// document is composed without them, and they follow in slices. What the nodes mean is `document.ts`.

import { Composer, CST, type Document, isSeq, Lexer, Parser, type YAMLError } from "yaml";

import type { Pace } from "../base/pace.ts";

/** The entries of a list that was cut out of its document, and what the library said about them. */
export interface ListPart {
  readonly items: readonly unknown[];
  readonly errors: readonly YAMLError[];
  readonly warnings: readonly YAMLError[];
}

/** One document. The entries of a list node are its own, then those of the part that is kept by its source token. */
export interface ComposedDocument {
  readonly document: Document.Parsed;
  readonly parts: ReadonlyMap<unknown, ListPart>;
}

/** Thrown by `composeDocuments` at nesting that no document of ours needs, before anything recurses into it. */
export class TooDeepError extends Error {
  override readonly name = "TooDeepError";
  /** Where in the text the limit was passed. */
  readonly offset: number;

  constructor(offset: number) {
    super(`Nested more than ${MAX_DEPTH} levels deep`);
    this.offset = offset;
  }
}

/** Nesting of lists and maps. Routes need four levels; foreign manifests seldom twenty. */
export const MAX_DEPTH = 100;
/** The library's stack has up to two entries for each level, and the document itself. */
const MAX_STACK = MAX_DEPTH * 2;
/** Steps between looks at the clock. */
const STEPS_PER_LOOK = 200;
/** A list without sense can have an error in each of a million entries, and an error costs microseconds to make. */
const MAX_LIST_ERRORS = 100;
/** Entries that are composed at once: about a millisecond. */
const SLICE_ITEMS = 1000;
/** Unique keys are checked later: the library compares each key with all before it. Source tokens lead to the parts. */
const OPTIONS = { uniqueKeys: false, stringKeys: true, merge: false, keepSourceTokens: true } as const;

/** Reads all documents of a text, in turns. Throws TooDeepError; documents before that were given out. */
export async function* composeDocuments(text: string, pace: Pace): AsyncGenerator<ComposedDocument> {
  const parser = new Parser();
  const composer = new Composer(OPTIONS);
  const parts = new Map<unknown, ListPart>();
  let steps = 0;
  for (const token of tokensOf(text, parser)) {
    if (token !== undefined) {
      const cuts = cutLongLists(token);
      for (const document of composer.next(token)) yield { document, parts };
      for (const cut of cuts) parts.set(cut.list, await composeList(cut, pace));
    }
    if (++steps % STEPS_PER_LOOK === 0 && pace.due()) await pace.rest();
  }
  for (const document of composer.end()) yield { document, parts };
}

/** The parser's tokens, and `undefined` after each step that gave none. */
function* tokensOf(text: string, parser: Parser): Generator<CST.Token | undefined> {
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > MAX_STACK) throw new TooDeepError(parser.offset);
    yield undefined;
  }
  yield* parser.end();
}

/** A list that was emptied, and its entries as slices that are lists themselves. */
interface Cut {
  readonly list: CST.Token;
  readonly slices: readonly CST.Token[];
}

/** Empties the long lists in a document; they keep their place, their indicators and what is around them. */
function cutLongLists(token: CST.Token): readonly Cut[] {
  const cuts: Cut[] = [];
  const rest: CST.Token[] = [token];
  for (let next = rest.pop(); next !== undefined; next = rest.pop()) {
    if (next.type === "document") {
      if (next.value !== undefined) rest.push(next.value);
    } else if (next.type === "block-seq" && next.items.length > SLICE_ITEMS * 2) {
      cuts.push({ list: next, slices: sliceBlock(next, next.items.splice(0)) });
    } else if (next.type === "flow-collection" && next.start.source === "[" && next.items.length > SLICE_ITEMS * 2) {
      cuts.push({ list: next, slices: sliceFlow(next, next.items.splice(0)) });
    } else if (CST.isCollection(next)) {
      for (const { value } of next.items) if (CST.isCollection(value)) rest.push(value);
    }
  }
  return cuts;
}

function sliceBlock(list: CST.BlockSequence, items: CST.BlockSequence["items"]): readonly CST.Token[] {
  const slices: CST.Token[] = [];
  for (let from = 0; from < items.length; from += SLICE_ITEMS) {
    const slice = items.slice(from, from + SLICE_ITEMS);
    slices.push({ ...list, offset: slice[0]?.start[0]?.offset ?? list.offset, items: slice });
  }
  return slices;
}

/** Entries of a flow list begin with the comma before them, all but the first. A slice must look like a whole list. */
function sliceFlow(list: CST.FlowCollection, items: CST.FlowCollection["items"]): readonly CST.Token[] {
  const slices: CST.Token[] = [];
  let from = 0;
  while (from < items.length) {
    let to = Math.min(from + SLICE_ITEMS, items.length);
    while (to < items.length && items[to]?.start[0]?.type !== "comma") to++;
    const [first, ...others] = items.slice(from, to);
    if (first === undefined) break;
    const offset = first.start[0]?.offset ?? list.offset;
    const head = from === 0 ? first : { ...first, start: first.start.slice(1) };
    const closing = {
      type: "flow-seq-end",
      offset: items[to]?.start[0]?.offset ?? offset,
      indent: list.indent,
      source: "]",
    };
    slices.push({ ...list, offset, items: [head, ...others], end: [{ ...closing, type: "flow-seq-end" }] });
    from = to;
  }
  return slices;
}

async function composeList({ slices }: Cut, pace: Pace): Promise<ListPart> {
  const part = { items: [] as unknown[], errors: [] as YAMLError[], warnings: [] as YAMLError[] };
  for (const slice of slices) {
    const token: CST.Document = { type: "document", offset: slice.offset, start: [], value: slice };
    for (const { contents, errors, warnings } of new Composer(OPTIONS).compose([token])) {
      if (isSeq(contents)) part.items.push(...contents.items);
      part.errors.push(...errors);
      part.warnings.push(...warnings);
    }
    if (part.errors.length > MAX_LIST_ERRORS) break;
    if (pace.due()) await pace.rest();
  }
  return part;
}
