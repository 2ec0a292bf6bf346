// Values of any shape, bounded: what an action logs or remembers is kept for every connection.

import type { JsonMap, JsonValue } from "../../base/json-value.ts";
import { isMap, quote } from "../rule.ts";
import { readTemplate } from "./expression-reader.ts";
import { BAD_VALUE, type PolicyReading } from "./policy-reading.ts";

/** More would make a line of the log unreadable. */
const MAX_DEPTH = 8;
/** Keys and values, all together. */
const MAX_VALUES = 1000;
const MAX_TEXT_CHARS = 4096;

/** A value as JSON has it, texts with `${…}` judged; `undefined` when anything in it is refused. */
export function readJson(value: unknown, reading: PolicyReading): JsonValue | undefined {
  return new JsonReader().read(value, reading, 0);
}

/** The same of a map. */
export function readJsonMap(value: unknown, reading: PolicyReading): JsonMap | undefined {
  if (isMap(value)) return new JsonReader().map(value, reading, 0);
  return reading.refuse("wrong-type", BAD_VALUE, `Expected a map of keys, found ${quote(value)}`);
}

class JsonReader {
  #left = MAX_VALUES;

  read(value: unknown, reading: PolicyReading, depth: number): JsonValue | undefined {
    // Once is enough.
    if (this.#left < 0) return undefined;
    if (--this.#left < 0) {
      return reading.refuse("large-value", BAD_VALUE, `Expected at most ${MAX_VALUES} values, all of them together`);
    }
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string" && value.length > MAX_TEXT_CHARS) {
      const message = `Expected at most ${MAX_TEXT_CHARS} characters, found ${value.length}`;
      return reading.refuse("long-text", BAD_VALUE, message);
    }
    if (typeof value === "string") return readTemplate(value, reading);
    if (Array.isArray(value)) return this.#list(value, reading, depth);
    if (isMap(value)) return this.map(value, reading, depth);
    return reading.refuse("wrong-type", BAD_VALUE, `Expected a value that JSON has, found ${quote(value)}`);
  }

  map(value: Readonly<Record<string, unknown>>, reading: PolicyReading, depth: number): JsonMap | undefined {
    if (isDeep(depth, reading)) return undefined;
    // Without a prototype: no name of a key means anything else.
    const read: Record<string, JsonValue> = Object.create(null);
    let isGood = true;
    for (const [key, each] of Object.entries(value)) {
      const good = this.read(each, reading.at(key), depth + 1);
      if (good === undefined) isGood = false;
      else read[key] = good;
    }
    return isGood ? read : undefined;
  }

  #list(value: readonly unknown[], reading: PolicyReading, depth: number): readonly JsonValue[] | undefined {
    if (isDeep(depth, reading)) return undefined;
    const read: JsonValue[] = [];
    for (const [index, each] of value.entries()) {
      const good = this.read(each, reading.at(index), depth + 1);
      if (good !== undefined) read.push(good);
    }
    return read.length === value.length ? read : undefined;
  }
}

function isDeep(depth: number, reading: PolicyReading): boolean {
  if (depth < MAX_DEPTH) return false;
  reading.refuse("deep-value", BAD_VALUE, `Expected at most ${MAX_DEPTH} maps and lists inside each other`);
  return true;
}
