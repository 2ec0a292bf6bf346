// How functions of our own are declared: under every name by which ngrok has them, and so that what they refuse is a
// CelError with a code.

import {
  type CelFunc,
  celFunc,
  type CelInput,
  type CelList,
  celMethod,
  type CelType,
  type CelValue,
} from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { STRING } from "../type.ts";

/** The longest text or list that a function gives, in UTF-16 units, bytes or elements. */
export const MAX_TEXT_CHARS = 65_536;
export const MAX_LIST_ITEMS = 1000;
/** The longest list that a function looks at, in elements: one that an operator wrote out can be long. */
const MAX_INPUT_ITEMS = 10_000;

/** `name(text)` and `text.method()`, which are the same. */
export function textFunction(
  name: string,
  method: string,
  result: CelType,
  body: (text: string) => CelInput,
): CelFunc[] {
  return [
    celFunc(name, [STRING], result, (text) => body(text)),
    celMethod(method, STRING, [], result, function call() {
      return body(this);
    }),
  ];
}

/** A text as long as it may be. Throws CelError for a longer one. */
export function bounded(text: string): string {
  if (text.length > MAX_TEXT_CHARS) throw new CelError("too-much", `A text has ${MAX_TEXT_CHARS} characters at most`);
  return text;
}

/** The elements of a list. Throws CelError when there are more than a function works on. */
export function itemsOf(list: CelList): readonly CelValue[] {
  if (list.size > MAX_INPUT_ITEMS) throw new CelError("too-much", `A list has ${MAX_INPUT_ITEMS} elements at most`);
  return [...list];
}
