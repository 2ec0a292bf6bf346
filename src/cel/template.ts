// Texts with expressions in them, `${…}`, as fields of actions have them. A text that is one expression and nothing else
// keeps its type; where there is more, values become texts.

import { compileValue, type Value } from "./expression.ts";
import { caught, type CelMistake, isMistake, Mistaken } from "./mistake.ts";
import type { Scope } from "./scope.ts";
import { type CelValue, toText } from "./value.ts";

/** The longest text, in UTF-16 units: certificates are given in such fields. */
export const MAX_TEMPLATE_CHARS = 65_536;
/** The most expressions of a text. */
const MAX_EXPRESSIONS = 100;

/** A text that may depend on the connection. */
export interface Template {
  /** Whether it is always the same, because there is no expression in it. */
  readonly constant: boolean;
  /** Variables that its expressions read, as dotted paths. */
  readonly uses: ReadonlySet<string>;
  /** Throws CelError when an expression has no value, and nothing else. */
  evaluate(scope: Scope): CelValue;
}

/** Compiles a text. Offsets of mistakes count from its begin. */
export function compileTemplate(text: string): Template | CelMistake {
  return caught(() => compile(text));
}

function compile(text: string): Template {
  if (text.length > MAX_TEMPLATE_CHARS)
    throw new Mistaken(MAX_TEMPLATE_CHARS, `A text has ${MAX_TEMPLATE_CHARS} characters at most`);
  const parts = partsOf(text);
  const values = parts.filter((part) => typeof part !== "string");
  const uses = new Set(values.flatMap((value) => [...value.uses]));
  const [only] = parts;
  if (values.length === 0) return { constant: true, uses, evaluate: () => text };
  if (parts.length === 1 && only !== undefined && typeof only !== "string") {
    return { constant: false, uses, evaluate: (scope) => only.evaluate(scope) };
  }
  return {
    constant: false,
    uses,
    evaluate: (scope) => parts.map((part) => (typeof part === "string" ? part : toText(part.evaluate(scope)))).join(""),
  };
}

/** Texts and expressions in turn; empty texts are left out. */
function partsOf(text: string): readonly (string | Value)[] {
  const parts: (string | Value)[] = [];
  let at = 0;
  let count = 0;
  for (let start = text.indexOf("${"); start !== -1; start = text.indexOf("${", at)) {
    if (++count > MAX_EXPRESSIONS) throw new Mistaken(start, `A text has ${MAX_EXPRESSIONS} expressions at most`);
    if (start > at) parts.push(text.slice(at, start));
    const from = start + 2;
    const to = endOf(text, start);
    const value = compileValue(text.slice(from, to));
    if (isMistake(value)) throw new Mistaken(from + value.offset, value.message, value.hint);
    parts.push(value);
    at = to + 1;
  }
  if (at < text.length) parts.push(text.slice(at));
  return parts;
}

/** A literal, a comment or a brace: the first that is there. */
const TOKEN = /[rR]?("""|'''|"|')|\/\/[^\n]*|[{}]/g;

/** Where the brace is that ends the expression which begins at `start`. Braces in literals do not count. */
function endOf(text: string, start: number): number {
  const tokens = new RegExp(TOKEN);
  let depth = 0;
  let at = start + 1;
  for (;;) {
    tokens.lastIndex = at;
    const token = tokens.exec(text);
    if (token === null) throw new Mistaken(start, 'The expression that begins here does not end: "}" is missing');
    at = token.index + token[0].length;
    const fence = token[1];
    if (fence !== undefined) at = endOfLiteral(text, at, fence, /^[rR]/.test(token[0]));
    else if (token[0] === "{") depth++;
    else if (token[0] === "}" && --depth === 0) return token.index;
  }
}

function endOfLiteral(text: string, from: number, fence: string, isRaw: boolean): number {
  for (let at = from; at < text.length; at++) {
    if (text.startsWith(fence, at)) return at + fence.length;
    if (text[at] === "\\" && !isRaw) at++;
  }
  throw new Mistaken(from - fence.length, `The text that begins here does not end: ${fence} is missing`);
}
