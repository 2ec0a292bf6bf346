// Which clients a document takes for its own, read from one that has mistakes: everything about the claim that can be read
// counts, whatever else is wrong. What becomes of such a claim is `route.ts`.

import * as v from "valibot";

import type { HostnamePattern } from "../base/hostname.ts";
import type { Cidr } from "../base/ip.ts";
import { readAlpn } from "./alpn-rule.ts";
import { readCertificateRules } from "./certificate-rule.ts";
import { readCidrs } from "./cidrs-rule.ts";
import { readHostnames } from "./hostnames-rule.ts";
import { type ListenSpec, readListens } from "./listen-rule.ts";
import type { ProxyAcceptSpec } from "./proxy.ts";
import { proxyAcceptRule } from "./proxy-rule.ts";
import { ignore, isMap } from "./rule.ts";
import type { CertificateRule, PassthroughSpec } from "./tls.ts";

/** A claim on clients that a more general route would get otherwise. */
export interface RouteClaim {
  readonly listen: readonly ListenSpec[];
  readonly sources: readonly Cidr[];
  readonly alpn: readonly string[];
  readonly clientCert: readonly CertificateRule[];
  readonly protocol: "tcp" | "postgres";
  /** Nothing has to be terminated for those who are refused. */
  readonly tls?: PassthroughSpec;
  readonly proxyAccept?: ProxyAcceptSpec;
}

/**
 * The claim of a document, or `undefined` when none can be read. A part that cannot be read narrows nothing: the claim is
 * then on more clients than was meant, and they are refused, not let in.
 */
export function readClaim(document: Readonly<Record<string, unknown>>): RouteClaim | undefined {
  const match = mapOf(document["match"]);
  const listen = readListens(document["listen"], ignore) ?? [];
  const sources = readCidrs(match["sources"], ignore) ?? [];
  const alpn = readAlpn(match["alpn"], ignore) ?? [];
  const clientCert = "clientCert" in match ? readCertificateRules(match["clientCert"]) : [];
  const hostnames = claimedNames(document);
  const matched = sources.length + alpn.length + clientCert.length > 0;
  if (listen.length === 0 || (!matched && hostnames === undefined)) return undefined;
  // Only a client that speaks TLS has any of these.
  const isTls = "tls" in document || alpn.length + clientCert.length > 0;
  const accept = v.safeParse(proxyAcceptRule, mapOf(document["proxyProtocol"])["accept"]);
  return {
    listen,
    sources,
    alpn,
    clientCert,
    protocol: document["protocol"] === "postgres" ? "postgres" : "tcp",
    ...(isTls ? { tls: { mode: "passthrough", hostnames: hostnames ?? [] } } : {}),
    ...(accept.success ? { proxyAccept: accept.output } : {}),
  };
}

/** Names that `tls` claims: all of them when it names none; `undefined` when none can be read. */
function claimedNames(document: Readonly<Record<string, unknown>>): readonly HostnamePattern[] | undefined {
  if (!("tls" in document)) return undefined;
  const tls = mapOf(document["tls"]);
  return "hostnames" in tls ? readHostnames(tls["hostnames"], ignore) : [];
}

function mapOf(value: unknown): Readonly<Record<string, unknown>> {
  return isMap(value) ? value : {};
}
