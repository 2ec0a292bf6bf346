// Functions of texts beyond the library's extension, and bounded ones in place of those that could make a text of any size.

import { type CelFunc, celFunc, celMethod } from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { BYTES, INT, LIST, STRING, STRINGS } from "../type.ts";
import { bounded, itemsOf, MAX_TEXT_CHARS } from "./declare.ts";

/** Functions of texts. */
export const TEXT_FUNCTIONS: readonly CelFunc[] = [
  celMethod("lower", STRING, [], STRING, function lower() {
    return this.toLowerCase();
  }),
  celMethod("upper", STRING, [], STRING, function upper() {
    return this.toUpperCase();
  }),
  celMethod("reverse", STRING, [], STRING, function reverse() {
    return [...this].toReversed().join("");
  }),
  celMethod("split", STRING, [], STRINGS, function split() {
    return this.split(" ");
  }),
  celMethod("replace", STRING, [STRING, STRING], STRING, function replace(from, to) {
    return replaced(this, from, to, Number.POSITIVE_INFINITY);
  }),
  celMethod("replace", STRING, [STRING, STRING, INT], STRING, function replace(from, to, limit) {
    return replaced(this, from, to, limit < 0n ? Number.POSITIVE_INFINITY : Number(limit));
  }),
  celMethod("join", LIST, [], STRING, function join() {
    return joined(textsOf(itemsOf(this)), "");
  }),
  celMethod("join", LIST, [STRING], STRING, function join(separator) {
    return joined(textsOf(itemsOf(this)), separator);
  }),
  celFunc("_+_", [STRING, STRING], STRING, (a, b) => bounded(a + b)),
  celFunc("_+_", [BYTES, BYTES], BYTES, (a, b) => {
    if (a.length + b.length > MAX_TEXT_CHARS)
      throw new CelError("too-much", `There are ${MAX_TEXT_CHARS} bytes at most`);
    const both = new Uint8Array(a.length + b.length);
    both.set(a);
    both.set(b, a.length);
    return both;
  }),
];

/** Replaces the first occurrences. An empty text is found before each character, and at the end. */
function replaced(text: string, from: string, to: string, limit: number): string {
  const pieces = from === "" ? ["", ...text, ""] : text.split(from);
  const changed = Math.min(pieces.length - 1, limit);
  if (text.length + changed * to.length > MAX_TEXT_CHARS)
    throw new CelError("too-much", `A text has ${MAX_TEXT_CHARS} characters at most`);
  return (
    pieces.slice(0, changed + 1).join(to) +
    pieces
      .slice(changed + 1)
      .map((piece) => from + piece)
      .join("")
  );
}

function textsOf(items: readonly unknown[]): readonly string[] {
  return items.map((item) => {
    if (typeof item === "string") return item;
    throw new CelError("wrong-type", "Only a list of texts can be joined");
  });
}

function joined(texts: readonly string[], separator: string): string {
  const length = texts.reduce((sum, text) => sum + text.length + separator.length, 0);
  if (length > MAX_TEXT_CHARS + separator.length)
    throw new CelError("too-much", `A text has ${MAX_TEXT_CHARS} characters at most`);
  return texts.join(separator);
}
