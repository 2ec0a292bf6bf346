// Base64, percent encoding, query strings and URLs.

import { Buffer } from "node:buffer";

import { type CelFunc, celFunc, type CelInput, celMethod, isCelList, type CelMap } from "@bufbuild/cel";

import { CelError } from "../cel-error.ts";
import { BOOL, BYTES, MAP, RECORD, STRING } from "../type.ts";
import { fromLibrary, toText } from "../value.ts";
import { bounded, textFunction } from "./declare.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Functions of encodings. */
export const ENCODING_FUNCTIONS: readonly CelFunc[] = [
  celFunc("base64.encode", [BYTES], STRING, (bytes) => bounded(Buffer.from(bytes).toString("base64"))),
  celFunc("base64.decode", [STRING], BYTES, fromBase64),
  celMethod("encodeBase64", STRING, [], STRING, function encodeBase64() {
    return bounded(Buffer.from(this).toString("base64"));
  }),
  celMethod("decodeBase64", STRING, [], STRING, function decodeBase64() {
    return new TextDecoder().decode(fromBase64(this));
  }),
  celFunc("basic_auth.encode", [STRING, STRING], STRING, (name, password) =>
    bounded(`Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`),
  ),
  ...textFunction("url.escape", "escapeUrl", STRING, (text) => bounded(escapeQuery(text))),
  ...textFunction("url.unescape", "unescapeUrl", STRING, unescapeQuery),
  ...textFunction("url.parse", "parseUrl", RECORD, parseUrl),
  celMethod("isURL", STRING, [], BOOL, function isUrl() {
    return URL.canParse(this);
  }),
  ...textFunction("queryString.decode", "decodeQueryString", RECORD, (text) => new Map(new URLSearchParams(text))),
  celMethod("isQueryString", STRING, [], BOOL, function isQueryString() {
    return /^[^=&\s]+=[^=&\s]*(?:&[^=&\s]+=[^=&\s]*)*$/.test(this);
  }),
  celFunc("queryString.encode", [MAP], STRING, encodeQuery),
  celMethod("encodeQueryString", MAP, [], STRING, function encodeQueryString() {
    return encodeQuery(this);
  }),
];

function fromBase64(text: string): Uint8Array {
  if (!BASE64.test(text)) throw new CelError("bad-argument", "The text is no base64");
  return new Uint8Array(Buffer.from(text, "base64"));
}

/** As Go's QueryEscape: all but letters, digits and -_.~ is escaped, and a space is a plus sign. */
function escapeQuery(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

function unescapeQuery(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    throw new CelError("bad-argument", "The text has a percent sign that begins no escape", error);
  }
}

function encodeQuery(map: CelMap): string {
  const pairs: string[] = [];
  for (const [key, value] of map) {
    const values = isCelList(value) ? [...value] : [value];
    for (const item of values) pairs.push(`${escapeQuery(String(key))}=${escapeQuery(toText(fromLibrary(item)))}`);
  }
  return bounded(pairs.join("&"));
}

/** What is not in the URL is an empty text. `host` has the port, as in Go. */
function parseUrl(text: string): CelInput {
  const url = URL.parse(text);
  if (url === null) throw new CelError("bad-argument", "The text is no URL");
  return new Map([
    ["scheme", url.protocol.slice(0, -1)],
    ["host", url.host],
    ["hostname", url.hostname],
    ["port", url.port],
    ["path", url.pathname],
    ["query", url.search.slice(1)],
    ["fragment", url.hash.slice(1)],
    ["username", url.username],
  ]);
}
