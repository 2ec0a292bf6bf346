// Building blocks for the schemas of kinds: maps and lists as a cluster reads them. A key whose value is null is as good as not
// there, as it is there; templates write many of them. What a value may be is `name-rules.ts` and the files of the kinds.

import * as v from "valibot";

import { closedMap, isBoundedList, isMap, quote, rule } from "../rule.ts";

/** Of a map of texts, this many wrong ones are told. */
const MAX_WRONG_TEXTS = 100;
/** Of a list, this many entries are compared: one that is longer is a mistake by itself. */
const MAX_COMPARED = 10_000;

/** A map as it was written. */
export type Written = Readonly<Record<string, unknown>>;

/** A map with these keys and no others, of which null ones are not there; what is `ignored` is not looked at. */
export function kindMap<Entries extends v.ObjectEntries>(entries: Entries, ignored: readonly string[] = []) {
  return v.pipe(
    rule((value): unknown => withoutNulls(value, entries, ignored)),
    closedMap(entries),
  );
}

/** The same with keys besides that are somebody else's. */
export function openMap<Entries extends v.ObjectEntries>(entries: Entries) {
  return v.pipe(
    rule((value): unknown => withoutNulls(value, entries)),
    v.custom<Written>(isMap, ({ input }) => `wrong-type\nExpected a map of keys, found ${quote(input)}`),
    v.object(entries),
  );
}

function withoutNulls(value: unknown, entries: v.ObjectEntries, ignored: readonly string[] = []): unknown {
  if (!isMap(value)) return value;
  const left: Record<string, unknown> = Object.create(null);
  for (const [key, each] of Object.entries(value)) {
    if (ignored.includes(key) || (each === null && Object.hasOwn(entries, key))) continue;
    left[key] = each;
  }
  return left;
}

/** A list of up to `max` of these. */
export function listOf<Item extends v.GenericSchema<unknown, unknown>>(
  item: Item,
  { min = 0, max }: { readonly min?: 0 | 1; readonly max?: number } = {},
) {
  return v.pipe(
    rule((value, refuse): unknown[] | undefined => (isBoundedList(value, refuse, max, min) ? value : undefined)),
    v.array(item),
  );
}

/** A text of `min` to `max` characters with a pattern; `wanted` says what is wanted, as it follows "Expected". */
export function textRule(
  code: string,
  wanted: string,
  { min = 1, max, pattern }: { readonly min?: number; readonly max: number; readonly pattern?: RegExp },
  hintFor: (value: unknown) => string | undefined = () => undefined,
) {
  return rule((value, refuse): string | undefined => {
    if (typeof value !== "string") {
      refuse(code, `Expected ${wanted}, found ${quote(value)}`, quotesHint(value));
      return undefined;
    }
    // Counted as Kubernetes does; what is far too long is not taken apart.
    const chars = value.length > max * 2 ? value.length : Array.from(value).length;
    if (chars > max) refuse(code, `Expected ${wanted}, found ${chars} characters: at most ${max} are allowed`);
    else if (chars < min || pattern?.test(value) === false) {
      refuse(code, `Expected ${wanted}, found ${quote(value)}`, hintFor(value));
    } else return value;
    return undefined;
  });
}

/** A map from any keys to texts. */
export function textMapRule({
  maxKeys = Number.POSITIVE_INFINITY,
  maxChars = Number.POSITIVE_INFINITY,
  pattern,
}: { readonly maxKeys?: number; readonly maxChars?: number; readonly pattern?: RegExp } = {}) {
  return rule((value, refuse): Readonly<Record<string, string>> | undefined => {
    if (!isMap(value)) {
      refuse("wrong-type", `Expected a map of texts, found ${quote(value)}`);
      return undefined;
    }
    const keys = Object.keys(value);
    if (keys.length > maxKeys) {
      refuse("large-map", `Expected at most ${maxKeys} keys, found ${keys.length}`);
      return undefined;
    }
    // Without a prototype: no name of a key means anything else.
    const texts: Record<string, string> = Object.create(null);
    let wrong = 0;
    for (const key of keys) {
      const text = value[key];
      const problem = problemOf(text, maxChars, pattern);
      if (problem === undefined) texts[key] = String(text);
      else if (++wrong <= MAX_WRONG_TEXTS) refuse(...problem, [key]);
    }
    return texts;
  });
}

function problemOf(
  text: unknown,
  maxChars: number,
  pattern: RegExp | undefined,
): readonly [code: string, message: string, hint: string | undefined] | undefined {
  if (typeof text !== "string") return ["wrong-type", `Expected a text, found ${quote(text)}`, quotesHint(text)];
  // No text has more characters than units.
  const chars = text.length > maxChars ? Array.from(text).length : 0;
  if (chars > maxChars) return ["long-text", `Expected at most ${maxChars} characters, found ${chars}`, undefined];
  if (pattern?.test(text) !== false) return undefined;
  const wanted = 'letters, digits, "-", "_" and "." with a letter or digit at both ends';
  return ["bad-text", `Expected ${wanted}, found ${quote(text)}`, undefined];
}

/** Entries of a list that are maps, each with its index: for whoever compares them and leaves the rest to their schemas. */
export function mapsOf(value: unknown, max = MAX_COMPARED): readonly (readonly [number, Written])[] {
  if (!Array.isArray(value)) return [];
  return value.slice(0, max).flatMap((item: unknown, index) => (isMap(item) ? [[index, item] as const] : []));
}

/** The map under a key, or an empty one. */
export function mapAt(map: Written, key: string): Written {
  const value = map[key];
  return isMap(value) ? value : {};
}

/** Whether a key is there, and not null. */
export function has(map: Written, key: string): boolean {
  return map[key] !== undefined && map[key] !== null;
}

function quotesHint(value: unknown): string | undefined {
  return typeof value === "number" || typeof value === "boolean" ? "Write it in quotes" : undefined;
}
