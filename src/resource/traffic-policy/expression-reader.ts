// Texts with CEL in them: conditions, values, and texts with `${…}`. What CEL is, somebody else knows; here it is told.

import { quote } from "../rule.ts";
import type { ExpressionMistake, PolicyReading } from "./policy-reading.ts";

/** Nobody writes a longer one, and each is compiled. */
const MAX_EXPRESSION_CHARS = 4096;
/** A certificate may have expressions in it. */
const MAX_TEMPLATE_CHARS = 65_536;

/** ngrok's numbers of what is wrong with them. */
const BAD_EXPRESSION = 2200;
const BAD_TEMPLATE = 2224;

/** Whether a text has to be filled in for each connection. */
export function isTemplate(text: string): boolean {
  return text.includes("${");
}

/** A condition or a value of one, `undefined` when it is refused. */
export function readExpression(
  value: unknown,
  kind: "condition" | "value",
  reading: PolicyReading,
): string | undefined {
  const wanted = 'an expression such as "conn.client_port < 1024"';
  if (typeof value !== "string" || value.trim() === "") {
    const hint = typeof value === "boolean" || typeof value === "number" ? `Write "${value}"` : undefined;
    return reading.refuse("bad-expression", BAD_EXPRESSION, `Expected ${wanted}, found ${quote(value)}`, { hint });
  }
  if (isTooLong(value, MAX_EXPRESSION_CHARS, BAD_EXPRESSION, reading)) return undefined;
  const mistake = reading.checks[kind](value);
  if (mistake === undefined) return value;
  return reading.refuse("bad-expression", BAD_EXPRESSION, inWords("expression", mistake), { hint: mistake.hint });
}

/** A text that may have `${…}` in it, `undefined` when that is refused. One without it may be of any length. */
export function readTemplate(text: string, reading: PolicyReading): string | undefined {
  if (!isTemplate(text)) return text;
  if (isTooLong(text, MAX_TEMPLATE_CHARS, BAD_TEMPLATE, reading)) return undefined;
  const mistake = reading.checks.template(text);
  if (mistake === undefined) return text;
  return reading.refuse("bad-template", BAD_TEMPLATE, inWords("text with ${…}", mistake), { hint: mistake.hint });
}

function isTooLong({ length }: string, max: number, error: number, reading: PolicyReading): boolean {
  if (length <= max) return false;
  reading.refuse("long-expression", error, `Expected at most ${max} characters in an expression, found ${length}`);
  return true;
}

/** Messages are one line each. */
function inWords(what: string, { message, offset }: ExpressionMistake): string {
  return `Cannot read this ${what}: ${message.replaceAll(/\s+/g, " ")}, at character ${offset + 1}`;
}
