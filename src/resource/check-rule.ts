// How a backend is asked whether it works, as a person writes it: a word, or a map that says more of one kind of check.
// What the checks send and expect is known to those who run them.

import * as v from "valibot";

import type { CheckSpec } from "./health.ts";
import { closedMap, isMap, quote, rule } from "./rule.ts";
import { listed, wordHint } from "./scalar-rule.ts";
import { serverNameRule } from "./server-name-rule.ts";

/** What may be sent or expected. An answer is searched as it comes in, and a longer text tells no more. */
const MAX_BYTES = 1024;
/** PostgreSQL cuts longer names. */
const MAX_USER_BYTES = 63;

/** Checks that need nothing said about them. */
const READY: Readonly<Record<string, CheckSpec>> = {
  tcp: { kind: "tcp" },
  tls: { kind: "tls" },
  postgres: { kind: "postgres", user: "postgres" },
  redis: { kind: "redis" },
  mysql: { kind: "mysql" },
  nats: { kind: "nats" },
};
/** What is written by those who expect another check, and what to write for it. */
const HTTP_HINT = 'There is no check for HTTP, write {send: "GET …", expect: "200"}';
const WORDS = [...Object.keys(READY), "off"];
/** Keys by which a map says what kind it is. */
const KINDS = ["tls", "postgres", "send", "expect"];

/** One of the words, `off` for no check; whoever writes a map in its place is told what a map may be. */
export const checkWordRule = rule((value, refuse): CheckSpec | "off" | undefined => {
  if (value === "off") return value;
  const check = typeof value === "string" && Object.hasOwn(READY, value) ? READY[value] : undefined;
  if (check !== undefined) return check;
  if (isMap(value)) {
    const found = Object.keys(value).filter((key) => KINDS.includes(key));
    const many = found.length > 1 ? `found ${found.map(quote).join(" and ")}` : "found none of them";
    const other = Object.keys(value).find((key) => WORDS.includes(key) && !KINDS.includes(key));
    const hint = other === undefined ? undefined : `Write "check: ${other}"`;
    refuse("bad-check", `Expected one of "tls", "postgres" and "expect" in a check, ${many}`, hint);
  } else
    refuse("bad-check", `Expected ${listed([...WORDS, "a map"])} as a check, found ${quote(value)}`, checkHint(value));
  return undefined;
});

const userRule = rule((value, refuse): string | undefined => {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : undefined;
  const fits = bytes !== undefined && bytes.length > 0 && bytes.length <= MAX_USER_BYTES && !bytes.includes(0);
  if (typeof value === "string" && fits) return value;
  const hint = typeof value === "number" ? `Write "${value}"` : undefined;
  refuse("bad-user", `Expected a user's name of 1 to ${MAX_USER_BYTES} bytes, found ${quote(value)}`, hint);
  return undefined;
});

const textBytes = rule((value, refuse): Uint8Array | undefined => {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : undefined;
  if (bytes !== undefined && bytes.length > 0 && bytes.length <= MAX_BYTES) return bytes;
  const found = bytes === undefined ? quote(value) : `${bytes.length} bytes`;
  const hint = typeof value === "number" ? `Write "${value}"` : undefined;
  refuse("bad-bytes", `Expected a text of 1 to ${MAX_BYTES} bytes or {hex: …}, found ${found}`, hint);
  return undefined;
});

const hexBytes = rule((value, refuse): Uint8Array | undefined => {
  const bytes = typeof value === "string" ? parseHex(value) : undefined;
  if (bytes !== undefined && bytes.length > 0 && bytes.length <= MAX_BYTES) return bytes;
  const found = bytes === undefined ? quote(value) : `${bytes.length} bytes`;
  const hint = typeof value === "number" ? "Write it in quotes" : undefined;
  refuse("bad-bytes", `Expected 1 to ${MAX_BYTES} bytes as pairs of hex digits such as "00 ff", found ${found}`, hint);
  return undefined;
});

/** A text, or `{hex: "00 ff"}`. */
const bytesRule = v.lazy((value) => (isMap(value) ? hexMap : textBytes));
const hexMap = v.pipe(
  closedMap({ hex: hexBytes }),
  v.transform(({ hex }) => hex),
);

const tlsCheck = v.pipe(
  closedMap({ tls: closedMap({ serverName: v.optional(serverNameRule) }) }),
  v.transform(({ tls: { serverName } }): CheckSpec => ({
    kind: "tls",
    ...(serverName === undefined ? {} : { serverName }),
  })),
);
const postgresCheck = v.pipe(
  closedMap({ postgres: closedMap({ user: v.optional(userRule) }) }),
  v.transform(({ postgres: { user } }): CheckSpec => ({ kind: "postgres", user: user ?? "postgres" })),
);
const exchangeCheck = v.pipe(
  closedMap({ send: v.optional(bytesRule), expect: bytesRule }),
  v.transform(({ send, expect }): CheckSpec => ({ kind: "exchange", ...(send === undefined ? {} : { send }), expect })),
);

/** A word, `{tls: …}`, `{postgres: …}` or `{send, expect}`. */
export const checkRule = v.lazy((value) => {
  const kinds = isMap(value) ? KINDS.filter((kind) => kind in value) : [];
  switch (kinds.join("+")) {
    case "tls":
      return tlsCheck;
    case "postgres":
      return postgresCheck;
    case "send":
    case "expect":
    case "send+expect":
      return exchangeCheck;
    default:
      return checkWordRule;
  }
});

function checkHint(value: unknown): string | undefined {
  const word = typeof value === "string" ? value.toLowerCase() : value;
  if (word === true || word === "on" || word === "true" || word === "yes") return "Write tcp";
  return word === "http" || word === "https" ? HTTP_HINT : wordHint(value, WORDS);
}

/** Bytes of hex digits, with spaces between bytes or none; `undefined` when it is anything else. */
function parseHex(text: string): Uint8Array | undefined {
  const groups = text.split(/\s+/).filter((group) => group !== "");
  if (!groups.every((group) => /^(?:[0-9A-Fa-f]{2})+$/.test(group))) return undefined;
  return Uint8Array.from(groups.join("").match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
