// Building blocks for the schemas of resources: maps that refuse unknown keys, and rules that judge one value and say
// what is wrong with it. A rule speaks through valibot's issues, whose only free field is a text: code, message, hint and part
// in four lines. `toDiagnostic` takes it apart again and puts it at the place in the source where it belongs.

import * as v from "valibot";

import { isSecretive } from "../base/conceal.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { suggest } from "../base/suggest.ts";
import type { Origin } from "./origin.ts";

/**
 * Says that the value, or what lies at `path` inside it, is wrong; with `key`, that the last key itself is. `code` comes without its
 * area, unless it has one of its own (`policy/wrong-phase`).
 */
export type Refuse = (
  code: string,
  message: string,
  hint?: string,
  path?: readonly (string | number)[],
  part?: "key" | "value",
) => void;

/** Says nothing: for whoever wants only what is good of a value. */
export const ignore: Refuse = () => undefined;

/** Keys that are told apart from misspelt ones, by their paths with dots; `*` stands for any index. */
export interface KnownStrangers {
  /** Those that are written elsewhere or called otherwise, and how. */
  readonly misplaced: ReadonlyMap<string, string>;
}

const UNKNOWN_KEY = "unknown-key";
/** A route can have many backends and listen addresses, but a list this long is a mistake. */
const MAX_LIST_ITEMS = 10_000;
/** Of a list, this many wrong entries are told. */
const MAX_WRONG_ITEMS = 100;
/** Longer values are cut in messages. */
const MAX_QUOTED_CHARS = 60;
/** Of longer ones this much is looked at: enough to know a key that begins in what is shown. */
const MAX_JUDGED_CHARS = 4 * MAX_QUOTED_CHARS;
const PEM = "-----BEGIN";
/** Valibot skips these when it looks for unknown keys, as a guard of its own. */
const SKIPPED_KEYS = ["__proto__", "prototype", "constructor"];

/** A schema from a function that returns the judged value, or calls `refuse` at least once. */
export function rule<T>(judge: (value: unknown, refuse: Refuse) => T | undefined) {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const result = judge(dataset.value, (code, message, hint = "", path = [], part = "value") => {
        const [first, ...rest] = path.map(toPathItem);
        const text = [code, message, hint, part].join("\n");
        addIssue(first === undefined ? { message: text } : { message: text, path: [first, ...rest] });
      });
      return result === undefined ? NEVER : result;
    }),
  );
}

/** A map with these keys and no others; every unknown key is an issue of its own. */
export function closedMap<Entries extends v.ObjectEntries>(entries: Entries) {
  const unknownKey = `${UNKNOWN_KEY}\n${Object.keys(entries).join(" ")}`;
  const refused = Object.fromEntries(SKIPPED_KEYS.map((key) => [key, v.optional(v.never(unknownKey))]));
  const guarded: Entries = Object.assign<object, Entries>(refused, entries);
  return v.pipe(
    v.custom<Record<string, unknown>>(
      isMap,
      ({ input }) => `wrong-type\nExpected a map of keys, found ${quote(input)}`,
    ),
    v.objectWithRest(guarded, v.never(unknownKey)),
  );
}

/** Whether a value is a list of enough (one) and not too many entries; refuses it otherwise. */
export function isBoundedList(value: unknown, refuse: Refuse, max = MAX_LIST_ITEMS, min = 1): value is unknown[] {
  if (!Array.isArray(value)) {
    const hint = isShowable(value) ? `Write [${quote(value)}]` : undefined;
    refuse("wrong-type", `Expected a list, found ${quote(value)}`, hint);
    return false;
  }
  if (value.length < min) refuse("empty-list", "Expected at least one entry, found an empty list");
  if (value.length > max)
    refuse("long-list", `Expected at most ${max} ${max === 1 ? "entry" : "entries"}, found ${value.length}`);
  return value.length >= min && value.length <= max;
}

/** The good entries of a bounded list, `undefined` when there is none; `read` refuses the others, each at its place. */
export function readList<T>(
  value: unknown,
  refuse: Refuse,
  read: (item: unknown, refuse: Refuse) => T | undefined,
  max = MAX_LIST_ITEMS,
): readonly T[] | undefined {
  if (!isBoundedList(value, refuse, max)) return undefined;
  let wrong = 0;
  const good: T[] = [];
  for (const [index, item] of value.entries()) {
    const result = read(item, (code, message, hint, path = [], part) => {
      if (++wrong <= MAX_WRONG_ITEMS) refuse(code, message, hint, [index, ...path], part);
    });
    if (result !== undefined) good.push(result);
  }
  return good.length === 0 ? undefined : good;
}

/** Whether a value is a map, and not a list or nothing. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value is a text that a hint can repeat in full. */
export function isShowable(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_QUOTED_CHARS && !isSecretive(value);
}

/** A value as messages show it: quoted, on one line, and short; never what could be a private key. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a map";
  if (value === null || value === undefined) return "nothing";
  if (typeof value !== "string") return String(value);
  if (value.includes(PEM)) return "a text in PEM";
  if (isSecretive(value.slice(0, MAX_JUDGED_CHARS))) return "a long text";
  return JSON.stringify(value.length > MAX_QUOTED_CHARS ? `${value.slice(0, MAX_QUOTED_CHARS)}…` : value);
}

/** Turns one issue of such a schema into a diagnostic about the value or key that it concerns. `area` begins its code. */
export function toDiagnostic(
  issue: v.BaseIssue<unknown>,
  area: string,
  origin: Origin,
  { misplaced }: KnownStrangers,
): Diagnostic {
  const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
  const name = String(path.at(-1) ?? "");
  const fail = (part: "key" | "value", code: string, message: string, hint?: string, at = path): Diagnostic => {
    const place = { file: origin.file, ...origin.locate(at, part) };
    const whole = code.includes("/") ? code : `${area}/${code}`;
    return { ...place, severity: "error", code: whole, message, ...(hint === undefined ? {} : { hint }) };
  };
  if (issue.kind === "schema" && issue.path?.at(-1)?.origin === "key") {
    return fail("key", "missing-key", `Missing key ${quote(name)}`, undefined, path.slice(0, -1));
  }
  const [code = "", message = issue.message, hint = "", part] = issue.message.split("\n");
  if (code !== UNKNOWN_KEY) {
    const known = message === issue.message ? "wrong-type" : code;
    return fail(part === "key" ? part : "value", known, message, hint === "" ? undefined : hint);
  }
  const dotted = path.map((key) => (typeof key === "number" ? "*" : key)).join(".");
  const place = misplaced.get(dotted);
  if (place !== undefined) return fail("key", "misplaced-key", `Cannot use ${quote(name)} here`, place);
  if (name === "<<") return fail("key", UNKNOWN_KEY, "Merge keys (<<) are not supported", "Write the keys out");
  const known = message.split(" ");
  const near = suggest(name, known);
  const help = near === undefined ? `Known keys: ${known.join(", ")}` : `Did you mean "${near}"?`;
  return fail("key", UNKNOWN_KEY, `Unknown key ${quote(name)}`, help);
}

function toPathItem(key: string | number): v.UnknownPathItem {
  return { type: "unknown", origin: "value", input: undefined, key, value: undefined };
}
