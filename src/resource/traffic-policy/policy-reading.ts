// What every reader of a part of a policy is given: where it is, whom to tell what is wrong, what the policy is for, and who
// judges expressions. Messages end with ngrok's own number of the same mistake, for people who look it up.

import * as v from "valibot";

import { suggest } from "../../base/suggest.ts";
import type { ValuePath } from "../origin.ts";
import { isMap, quote } from "../rule.ts";

/** Why a text is no expression; `offset` in UTF-16 units from its beginning. */
export interface ExpressionMistake {
  readonly message: string;
  readonly offset: number;
  readonly hint?: string;
}

/** Judges a text; `undefined` when it is good. Never throws. */
export type ExpressionCheck = (text: string) => ExpressionMistake | undefined;

/** Judges of CEL. */
export interface ExpressionChecks {
  /** Of what is true or false. */
  readonly condition: ExpressionCheck;
  /** Of what has any value. */
  readonly value: ExpressionCheck;
  /** Of a text with `${…}` in it. */
  readonly template: ExpressionCheck;
}

/** What a policy is for, as far as it is known. */
export interface PolicyUse {
  /** Absent: either. */
  readonly protocol?: "tcp" | "tls";
  /** It is a Route's, which says elsewhere what becomes of TLS. */
  readonly ofRoute?: boolean;
  /** There is nobody behind it: every connection must end in it. */
  readonly mustTerminate?: boolean;
}

/** Details of what is said. */
export interface PolicyTold {
  readonly hint?: string | undefined;
  /** From where the reading is. */
  readonly at?: ValuePath;
  readonly part?: "key" | "value";
}

/** Takes what is said: a whole code, and a whole path from the policy's root. */
export type PolicySink = (
  severity: "error" | "warning",
  code: string,
  message: string,
  path: ValuePath,
  hint: string | undefined,
  part: "key" | "value",
) => void;

/** One place in a policy. */
export class PolicyReading {
  readonly checks: ExpressionChecks;
  readonly use: PolicyUse;
  readonly #sink: PolicySink;
  readonly #path: ValuePath;

  constructor(sink: PolicySink, checks: ExpressionChecks, use: PolicyUse, path: ValuePath = []) {
    this.#sink = sink;
    this.checks = checks;
    this.use = use;
    this.#path = path;
  }

  /** The place of what lies below this one. */
  at(...path: ValuePath): PolicyReading {
    return new PolicyReading(this.#sink, this.checks, this.use, [...this.#path, ...path]);
  }

  /** Says that something is wrong; `error` is ngrok's number of it, 0 when it has none. Returns nothing, for whoever returns that. */
  refuse(code: string, error: number, message: string, told: PolicyTold = {}): undefined {
    this.#say("error", code, error === 0 ? message : `${message} (ERR_NGROK_${error})`, told);
    return undefined;
  }

  /** Says that something is used, and probably not what was meant. */
  warn(code: string, message: string, told: PolicyTold = {}): void {
    this.#say("warning", code, message, told);
  }

  #say(
    severity: "error" | "warning",
    code: string,
    message: string,
    { hint, at = [], part = "value" }: PolicyTold,
  ): void {
    this.#sink(severity, `policy/${code}`, message, [...this.#path, ...at], hint, part);
  }
}

/** What is wrong with the configuration of an action as a whole. */
export const BAD_CONFIG = 2203;
/** What is wrong with one value of it. */
export const BAD_VALUE = 2204;

/**
 * The values of a map under these keys; unknown keys are refused. What is null is there, and not left out: a condition that a template
 * lost must not be one that always holds.
 */
export function readKeys(
  value: unknown,
  keys: readonly string[],
  error: number,
  reading: PolicyReading,
): ReadonlyMap<string, unknown> | undefined {
  if (!isMap(value)) return reading.refuse("wrong-type", error, `Expected a map of keys, found ${quote(value)}`);
  const found = new Map<string, unknown>();
  let isGood = true;
  for (const [key, each] of Object.entries(value)) {
    if (!keys.includes(key)) {
      reading.refuse("unknown-key", error, `Unknown key ${quote(key)}`, {
        hint: nearHint(key, keys),
        at: [key],
        part: "key",
      });
      isGood = false;
    } else if (each !== undefined) found.set(key, each);
  }
  return isGood ? found : undefined;
}

/** A value by a rule of others, `undefined` when it is refused. */
export function readBy<T>(
  schema: v.GenericSchema<unknown, T>,
  value: unknown,
  error: number,
  reading: PolicyReading,
): T | undefined {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  for (const issue of result.issues) {
    const [code = "", message = "", hint = ""] = issue.message.split("\n");
    const at = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
    reading.refuse(code, error, message, { hint: hint === "" ? undefined : hint, at });
  }
  return undefined;
}

/** A list of at most `max` entries; the error of one that is too long is `tooMany`. */
export function readItems(
  value: unknown,
  { max, tooMany, what }: { readonly max: number; readonly tooMany: number; readonly what: string },
  reading: PolicyReading,
): readonly unknown[] | undefined {
  if (!Array.isArray(value)) {
    return reading.refuse("wrong-type", BAD_CONFIG, `Expected a list of ${what}, found ${quote(value)}`);
  }
  if (value.length <= max) return value;
  return reading.refuse("long-list", tooMany, `Expected at most ${max} ${what}, found ${value.length}`);
}

/** What to write in place of a word: the nearest one of `near`, or all that are known. */
export function nearHint(word: string, near: readonly string[], known = near): string {
  const found = suggest(word, near);
  if (found !== undefined) return `Did you mean "${found}"?`;
  return known.length === 0 ? "Leave it out" : `Known are: ${known.join(", ")}`;
}
