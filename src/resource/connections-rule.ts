// How many connections there may be, as a person writes it. 0 is refused: who writes it wants the way closed, and would
// have opened it.

import { wholeRule } from "./scalar-rule.ts";

/** Above what any machine can hold, and below where numbers lose precision. */
const MAX_CONNECTIONS = 1_000_000_000;

/** At least one connection. No limit is a key that is not there. */
export const connectionsRule = wholeRule("bad-limit", 1, MAX_CONNECTIONS, noLimitHint);

/** For those who want no limit and say so, and for those whose 0 could mean that. */
export function noLimitHint(value: unknown): string | undefined {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const none = value === false || value === null || /^(?:off|0\D*)$/.test(text);
  return none ? "Leave the key out for no limit" : undefined;
}
