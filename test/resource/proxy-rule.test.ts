// What a route says about PROXY headers, and what is said about a mistake.

import { expect, test } from "bun:test";

import { formatCidr } from "../../src/base/ip.ts";
import { pool, route, told } from "../support/written-route.ts";

test("headers are neither wanted nor sent by a route that does not say so", async () => {
  const silent = await route("");
  expect(["proxyAccept" in silent, "proxySend" in (await pool(""))]).toEqual([false, false]);
});

test("either can be written without the other", async () => {
  const sending = await route("proxyProtocol: {send: 2}");
  expect(["proxyAccept" in sending, (await pool("proxyProtocol: {send: 2}")).proxySend]).toEqual([false, 2]);
  const accepting = await route("proxyProtocol: {accept: {from: [10.0.0.0/8, ::1]}}");
  expect([
    accepting.proxyAccept?.from.map(formatCidr),
    accepting.proxyAccept?.versions,
    "proxySend" in (accepting.pools[0]?.spec ?? {}),
  ]).toEqual([["10.0.0.0/8", "::1"], "any", false]);
});

test.each(["v1", "v2", "any"])("versions: %s is known", async (versions) => {
  const { proxyAccept } = await route(`proxyProtocol: {send: 1, accept: {from: [10.0.0.1], versions: ${versions}}}`);
  expect(proxyAccept?.versions as string).toBe(versions);
});

const PROXY = 'route/bad-proxy-protocol Expected a map with "accept" or "send", found';
const ACCEPT = 'route/bad-proxy-accept Expected a map with "from", found';
const SEND = "route/bad-proxy-version Expected 1 or 2, found";
const VERSIONS = "route/bad-proxy-version Expected v1, v2 or any, found";
const FROM = "from: [10.0.0.1], versions:";

test.each([
  [
    "v1",
    `${PROXY} "v1" (Write {send: 1} for headers to backends, {accept: {from: [10.0.0.0/8]}} for headers from clients)`,
  ],
  [
    "2",
    `${PROXY} 2 (Write {send: 2} for headers to backends, {accept: {from: [10.0.0.0/8]}} for headers from clients)`,
  ],
  ["off", `${PROXY} "off" (Leave the key out)`],
  ["{accept: any}", `${ACCEPT} "any" (List whose headers are believed: {from: [10.0.0.0/8]})`],
  ["{accept: off}", `${ACCEPT} "off" (Leave the key out to accept none)`],
  [`{accept: {${FROM} 1}}`, `${VERSIONS} 1 (Write v1)`],
  [`{accept: {${FROM} "2"}}`, `${VERSIONS} "2" (Did you mean "v2"?)`],
  [`{accept: {${FROM} both}}`, `${VERSIONS} "both" (Did you mean "any"?)`],
  ['{send: "1"}', `${SEND} "1" (Write 1)`],
  ["{send: V2}", `${SEND} "V2" (Write 2)`],
  ["{send: off}", `${SEND} "off" (Leave the key out to send none)`],
  ["{send: 3}", `${SEND} 3 (Write the version: 2, or 1 for backends that know no other)`],
])("%s is refused, and the message helps", async (text, expected) => {
  expect(await told(`proxyProtocol: ${text}`)).toEqual([expected]);
});
