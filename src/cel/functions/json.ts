// JSON to values and back. Numbers of JSON are doubles, as everywhere in CEL.

import { type CelFunc, celFunc, type CelInput, celMethod } from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { BOOL, DYN, LIST, MAP, STRING } from "../type.ts";
import { fromLibrary, toJson } from "../value.ts";
import { bounded, textFunction } from "./declare.ts";

/** Lists and maps within one another. */
const MAX_DEPTH = 64;

/** Functions of JSON. */
export const JSON_FUNCTIONS: readonly CelFunc[] = [
  ...textFunction("json.decode", "decodeJson", DYN, decode),
  celFunc("json.encode", [DYN], STRING, (value) => bounded(JSON.stringify(toJson(fromLibrary(value))))),
  celMethod("encodeJson", LIST, [], STRING, function encodeJson() {
    return bounded(JSON.stringify(toJson(fromLibrary(this))));
  }),
  celMethod("encodeJson", MAP, [], STRING, function encodeJson() {
    return bounded(JSON.stringify(toJson(fromLibrary(this))));
  }),
  celMethod("isJson", STRING, [], BOOL, function isJson() {
    return parsed(this) !== undefined;
  }),
];

function decode(text: string): CelInput {
  const json = parsed(text);
  if (json === undefined) throw new CelError("bad-argument", "The text is no JSON");
  return fromJson(json.value, 0);
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** Objects become a Map: what is in the text is data, whatever its keys are called. */
function fromJson(value: unknown, depth: number): CelInput {
  if (depth > MAX_DEPTH) throw new CelError("too-much", `JSON nests ${MAX_DEPTH} levels at most`);
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (Array.isArray(value)) return value.map((item) => fromJson(item, depth + 1));
  if (typeof value !== "object") throw new CelError("bad-argument", "The text is no JSON");
  return new Map(Object.entries(value).map(([key, item]) => [key, fromJson(item, depth + 1)]));
}
