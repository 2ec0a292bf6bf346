// The `proxyProtocol` of a route, as a person writes it. Whoever may send a header says where clients come from, so the
// senders have to be listed: there is no way to believe everybody by a word.

import * as v from "valibot";

import { cidrsRule } from "./cidrs-rule.ts";
import type { ProxyAcceptSpec, ProxySend } from "./proxy.ts";
import { closedMap, isMap, quote, rule } from "./rule.ts";
import { wordRule } from "./scalar-rule.ts";

const VERSIONS = ["v1", "v2", "any"] as const;
/** What others call them. */
const OTHER_VERSIONS: Readonly<Record<string, (typeof VERSIONS)[number]>> = {
  1: "v1",
  2: "v2",
  both: "any",
  all: "any",
  "*": "any",
};
const SOURCES_HINT = "List whose headers are believed: {from: [10.0.0.0/8]}";

const sendRule = rule((value, refuse): ProxySend | undefined => {
  if (value === 1 || value === 2) return value;
  const [, digit] = (typeof value === "string" ? /^v?\s*([12])$/i.exec(value.trim()) : undefined) ?? [];
  const hint =
    digit !== undefined
      ? `Write ${digit}`
      : value === false || value === "off" || value === 0
        ? "Leave the key out to send none"
        : "Write the version: 2, or 1 for backends that know no other";
  refuse("bad-proxy-version", `Expected 1 or 2, found ${quote(value)}`, hint);
  return undefined;
});

const versionWord = wordRule("bad-proxy-version", VERSIONS, OTHER_VERSIONS);
const versionNumber = rule((value, refuse): "v1" | "v2" | undefined => {
  const hint = value === 1 || value === 2 ? `Write v${value}` : undefined;
  refuse("bad-proxy-version", `Expected v1, v2 or any, found ${quote(value)}`, hint);
  return undefined;
});
const versionsRule = v.lazy((value) => (typeof value === "number" ? versionNumber : versionWord));

const acceptMap = v.pipe(
  closedMap({
    from: cidrsRule,
    versions: v.optional(versionsRule),
  }),
  v.transform(({ from, versions }): ProxyAcceptSpec => ({ from, versions: versions ?? "any" })),
);
const noAccept = rule((value, refuse): ProxyAcceptSpec | undefined => {
  const off = value === false || value === "off";
  const hint = off ? "Leave the key out to accept none" : SOURCES_HINT;
  refuse("bad-proxy-accept", `Expected a map with "from", found ${quote(value)}`, hint);
  return undefined;
});

/** A map; who is believed must be said. */
export const proxyAcceptRule = v.lazy((value) => (isMap(value) ? acceptMap : noAccept));

const proxyMap = v.pipe(
  closedMap({ accept: v.optional(proxyAcceptRule), send: v.optional(sendRule) }),
  v.check(
    (map) => Object.keys(map).length > 0,
    'empty-proxy-protocol\nExpected "accept" or "send", found neither\nWrite {send: 2}, or {accept: {from: [10.0.0.0/8]}}',
  ),
);
const noProxy = rule((value, refuse): { readonly accept?: never; readonly send?: never } | undefined => {
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  const [, digit = "2"] = /^v?([12])$/i.exec(text) ?? [];
  const off = value === false || value === "off";
  const hint = off
    ? "Leave the key out"
    : `Write {send: ${digit}} for headers to backends, {accept: {from: [10.0.0.0/8]}} for headers from clients`;
  refuse("bad-proxy-protocol", `Expected a map with "accept" or "send", found ${quote(value)}`, hint);
  return undefined;
});

/** Headers from clients and to backends. */
export const proxyRule = v.lazy((value) => (isMap(value) ? proxyMap : noProxy));

/** For what has to do with clients only. */
export const proxyAcceptOnlyRule = v.lazy((value) => (isMap(value) ? acceptOnlyMap : noProxy));
const acceptOnlyMap = closedMap({ accept: proxyAcceptRule });

/** For what has to do with backends only. */
export const proxySendOnlyRule = v.lazy((value) => (isMap(value) ? sendOnlyMap : noProxy));
const sendOnlyMap = closedMap({ send: sendRule });
