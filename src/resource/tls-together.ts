// What a route must not say about TLS and certificates, each value of it right by itself. Like `route-together.ts` it reads
// the document a second time, and says nothing about what is wrong already.

import * as v from "valibot";

import { readAlpn } from "./alpn-rule.ts";
import { backendRule } from "./backend-rule.ts";
import type { Fail } from "./route-together.ts";
import { ignore, isMap, quote } from "./rule.ts";
import { type TlsMode, tlsModeRule } from "./tls-rule.ts";

type Written = Readonly<Record<string, unknown>>;

/** Keys that say how TLS ends. */
const TERMINATE_KEYS = ["certificate", "key", "minVersion", "alpn"];

/** Tells everything that is wrong with what a Route document says about TLS; `warn` about what is only not wise. */
export function checkTls(document: Written, fail: Fail, warn: Fail): void {
  const tls = isMap(document["tls"]) ? document["tls"] : undefined;
  const mode = v.safeParse(tlsModeRule, tls?.["mode"]);
  // One that is wrong could be either.
  const known = mode.success ? mode.output : undefined;
  if (tls !== undefined && known === "passthrough") checkPassthrough(tls, fail);
  if (tls !== undefined && known !== "passthrough") checkIdentity(tls, "tls", fail);
  if (tls !== undefined && known === "terminate" && !("certificate" in tls) && !("key" in tls)) {
    const message = 'Expected "certificate" and "key": without them TLS cannot end here';
    fail("route/missing-certificate", message, ["tls", "mode"], 'Write both, or "mode: passthrough"');
  }
  checkMatch(document, tls, known, fail);
  const upstream = document["upstreamTls"] === true || document["upstreamTls"] === "on" ? {} : document["upstreamTls"];
  if (isMap(upstream)) checkUpstream(upstream, document["backends"], fail, warn);
  if ("upstreamTls" in document && known === "passthrough") {
    const message = "The client's TLS goes through to the backends: it would be inside another TLS";
    fail("route/tls-in-tls", message, ["upstreamTls"], 'Write "mode: terminate", or leave upstreamTls out', "key");
  }
}

function checkPassthrough(tls: Written, fail: Fail): void {
  for (const key of TERMINATE_KEYS) {
    if (!(key in tls)) continue;
    const message = `${quote(key)} has no effect: with mode passthrough TLS goes through unread`;
    fail("route/not-terminated", message, ["tls", key], 'Write "mode: terminate", or leave it out', "key");
  }
  if (!("clientAuth" in tls)) return;
  const message = "Client certificates can only be checked where TLS is terminated";
  fail("route/unread-client-auth", message, ["tls", "clientAuth"], 'Write "mode: terminate", or leave it out', "key");
}

/** Both of a certificate and its key, or neither. */
function checkIdentity(map: Written, place: "tls" | "upstreamTls", fail: Fail): void {
  if ("certificate" in map && !("key" in map)) {
    const message = 'Expected "key" beside "certificate": a certificate cannot be shown without its private key';
    fail("route/missing-private-key", message, [place, "certificate"], undefined, "key");
  }
  // Who wrote `cert` has been told what to write.
  if ("key" in map && !("certificate" in map) && !("cert" in map)) {
    const message = 'Expected "certificate" beside "key": a private key is of no use without it';
    fail("route/missing-certificate", message, [place, "key"], undefined, "key");
  }
}

/** Whether what is matched is known by then. */
function checkMatch(document: Written, tls: Written | undefined, mode: TlsMode | undefined, fail: Fail): void {
  const match = isMap(document["match"]) ? document["match"] : {};
  if ("alpn" in match && !("tls" in document)) {
    const message = "Only clients that speak TLS offer protocols by ALPN";
    const hint = 'Write "tls: {mode: passthrough}", or leave it out';
    fail("route/alpn-without-tls", message, ["match", "alpn"], hint, "key");
  }
  if ("alpn" in match && tls !== undefined && "alpn" in tls && mode === "terminate") {
    checkAgreed(match["alpn"], tls["alpn"], fail);
  }
  if (!("clientCert" in match)) return;
  if (!("tls" in document) || mode === "passthrough") {
    const message = "A client's certificate can only be matched where TLS is terminated";
    const hint = 'Write "mode: terminate" and "clientAuth" under "tls"';
    fail("route/unread-client-cert", message, ["match", "clientCert"], hint, "key");
  } else if (mode === "terminate" && tls !== undefined && !("clientAuth" in tls)) {
    const message = "No certificate is asked for that could be matched";
    fail("route/unasked-client-cert", message, ["match", "clientCert"], 'Write "clientAuth" under "tls"', "key");
  }
}

/** Whether everything that brings clients here is agreed to. */
function checkAgreed(matched: unknown, agreed: unknown, fail: Fail): void {
  const known = readAlpn(agreed, ignore);
  if (known === undefined || !Array.isArray(matched)) return;
  for (const protocol of readAlpn(matched, ignore) ?? []) {
    if (known.includes(protocol)) continue;
    const message = `${quote(protocol)} is matched, but not agreed to: tls.alpn does not have it`;
    const path = ["match", "alpn", matched.indexOf(protocol)];
    fail("route/alpn-not-agreed", message, path, "Write it in both lists, or leave tls.alpn out");
  }
}

function checkUpstream(upstream: Written, backends: unknown, fail: Fail, warn: Fail): void {
  checkIdentity(upstream, "upstreamTls", fail);
  if (upstream["insecure"] === true && "ca" in upstream) {
    const message = '"ca" has no effect: with "insecure" no certificate is verified';
    fail("route/pointless-ca", message, ["upstreamTls", "ca"], 'Leave "insecure" out', "key");
    return;
  }
  if (upstream["insecure"] === true) {
    const message = "Backends are not verified: whoever answers in the place of one gets its connections";
    warn("route/insecure-upstream", message, ["upstreamTls", "insecure"], 'Write "ca" in its place', "key");
    return;
  }
  if ("serverName" in upstream) return;
  const unix = Array.isArray(backends) ? backends.findIndex(isUnix) : -1;
  if (unix === -1) return;
  const message = "Cannot verify a unix socket's certificate: which name should it have?";
  fail("route/unnamed-upstream", message, ["backends", unix], 'Write "serverName" under "upstreamTls"');
}

function isUnix(backend: unknown): boolean {
  const result = v.safeParse(backendRule, backend);
  return result.success && "unix" in result.output;
}
