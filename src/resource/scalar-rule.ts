// Rules for single values that many keys share: whole numbers, words out of a list, true or false, durations. Each says
// what is wanted when it refuses, and what to write when that can be told. What a key means is its own file's business.

import { formatDuration, parseDuration } from "../base/duration.ts";
import { suggest } from "../base/suggest.ts";
import { quote, rule } from "./rule.ts";

/** A whole number between two others, both included. `otherHint` is asked when nothing better can be told. */
export function wholeRule(
  code: string,
  min: number,
  max: number,
  otherHint: (value: unknown) => string | undefined = () => undefined,
) {
  return rule((value, refuse): number | undefined => {
    if (isWhole(value, min, max)) return value;
    const meant = typeof value === "string" && /^\s*\d{1,15}\s*$/.test(value) ? Number(value) : undefined;
    const hint = isWhole(meant, min, max) ? `Write ${meant}` : otherHint(value);
    refuse(code, `Expected a whole number from ${min} to ${max}, found ${quote(value)}`, hint);
    return undefined;
  });
}

/** One of some words. `others` are what these are called elsewhere, in lower case without `-` and `_`. */
export function wordRule<const Words extends readonly string[]>(
  code: string,
  words: Words,
  others: Readonly<Record<string, Words[number]>> = {},
) {
  return rule((value, refuse): Words[number] | undefined => {
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    refuse(code, `Expected ${listed(words)}, found ${quote(value)}`, wordHint(value, words, others));
    return undefined;
  });
}

/** What to write instead of a word that is none of those known; `others` as for `wordRule`. */
export function wordHint(
  value: unknown,
  words: readonly string[],
  others: Readonly<Record<string, string>> = {},
): string | undefined {
  // What other YAML readers make of an unquoted `off`.
  if (value === false && words.includes("off")) return "Write off";
  // A number for YAML, and a text in the schema.
  if (typeof value === "number" && words.includes(String(value))) return `Write it in quotes: "${value}"`;
  if (typeof value !== "string") return undefined;
  const plain = value.toLowerCase().replaceAll(/[-_]/g, "");
  const near = Object.hasOwn(others, plain) ? others[plain] : suggest(value, words);
  return near === undefined ? undefined : `Did you mean "${near}"?`;
}

/** Words in a sentence: `a, b or c`. */
export function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

export const booleanRule = rule((value, refuse): boolean | undefined => {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? value.toLowerCase() : "";
  const hint = ["true", "yes", "on"].includes(word)
    ? "Write true"
    : ["false", "no", "off"].includes(word)
      ? "Write false"
      : undefined;
  refuse("wrong-type", `Expected true or false, found ${quote(value)}`, hint);
  return undefined;
});

/** `1500ms`, `30s`, `1h30m`; `off` and 0 for no limit. Milliseconds. */
export const durationRule = rule((value, refuse): number | undefined => {
  const ms = readDuration(value);
  if (ms !== undefined) return ms;
  const message = `Expected a duration such as 1500ms, 30s, 1h30m or off, found ${quote(value)}`;
  refuse("bad-duration", message, durationHint(value));
  return undefined;
});

/** No interval, pause or wait that a person means is longer, and timers of every kind can have it. */
const MAX_MS = 86_400_000;

/** A duration of at least `minMs` and at most `maxMs`, a day; with `"off"`, that and 0 as well. Milliseconds. */
export function boundedDurationRule(minMs: number, off?: "off", maxMs = MAX_MS) {
  return rule((value, refuse): number | undefined => {
    const ms = readDuration(value);
    if (ms !== undefined && ((ms >= minMs && ms <= maxMs) || (ms === 0 && off !== undefined))) return ms;
    const wanted = `a duration from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`;
    const message = `Expected ${wanted}${off === undefined ? "" : " or off"}, found ${quote(value)}`;
    refuse("bad-duration", message, off !== undefined && value === false ? "Write off" : durationHint(value));
    return undefined;
  });
}

function readDuration(value: unknown): number | undefined {
  return value === 0 ? 0 : typeof value === "string" ? parseDuration(value) : undefined;
}

function durationHint(value: unknown): string | undefined {
  return typeof value === "number" && value > 0 ? `Write ${value}s for seconds` : undefined;
}

function isWhole(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= min && value <= max;
}
