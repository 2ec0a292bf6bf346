// What a route may be called.

import { quote, rule } from "./rule.ts";

/** What a name may be: it is shown in logs, metric labels and URLs. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$/;

/** Whether a text can be a route's name: 1–63 letters, digits, `.`, `_` and `-`, but not `.` or `-` first. */
export function isRouteName(text: string): boolean {
  return NAME.test(text);
}

export const nameRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string" && isRouteName(value)) return value;
  const hint = 'Use 1–63 letters, digits, ".", "_" and "-", but not "." or "-" first';
  refuse("bad-name", `Cannot use ${quote(value)} as a name`, typeof value === "number" ? `Write "${value}"` : hint);
  return undefined;
});
