// What tells clients apart, as texts that can be compared: two prefixes, patterns or lists of rules are the same exactly
// when their keys are. Shared by who gets an address (`clashes.ts`) and by who gets a client (`tls-match.ts`).

import { formatHostnamePattern, type HostnamePattern } from "../base/hostname.ts";
import { formatCidr } from "../base/ip.ts";
import type { RouteResource } from "../resource/route.ts";
import type { CertificateRule } from "../resource/tls.ts";

/** In the place of a name: clients that do not speak TLS. */
export const PLAIN = "";
/** In the place of a protocol or a prefix: everyone who is left. */
export const ANY = "";

/** Every name, and clients that give none: what a TLS route without names takes. */
export const EVERY_NAME: HostnamePattern = { wildcard: "all" };

/** The names that a TLS route takes. */
export function hostnamesOf({ tls }: RouteResource): readonly HostnamePattern[] {
  return tls === undefined || tls.hostnames.length === 0 ? [EVERY_NAME] : tls.hostnames;
}

/** A pattern's key. Its text alone would not do: a star of one label is written like one of any depth. */
export function hostnameKey(pattern: HostnamePattern): string {
  return `${pattern.wildcard === "any-depth" ? "*" : ""}${formatHostnamePattern(pattern)}`;
}

/** A route's match: it takes a client that has one key of each set, and the certificate. */
export interface MatchKeys {
  readonly hosts: ReadonlySet<string>;
  readonly alpn: ReadonlySet<string>;
  readonly sources: ReadonlySet<string>;
  /** Of `clientCert`; empty for none. */
  readonly certificate: string;
}

/** The keys of a route's match. */
export function matchKeysOf(route: RouteResource): MatchKeys {
  const { tls, alpn, sources, clientCert } = route;
  return {
    hosts: new Set(tls === undefined ? [PLAIN] : hostnamesOf(route).map(hostnameKey)),
    alpn: new Set(alpn.length === 0 ? [ANY] : alpn),
    sources: new Set(sources.length === 0 ? [ANY] : sources.map(formatCidr)),
    certificate: clientCert.length === 0 ? "" : JSON.stringify(clientCert.map(ruleKey).toSorted()),
  };
}

/** Every list of a rule sorted, and the lists in one order: an order that means nothing makes no difference. */
function ruleKey(rule: CertificateRule): string {
  const { dnsNames, uris, emails, commonNames, organizations, fingerprints } = rule;
  const lists = [dnsNames?.map(hostnameKey), uris, emails, commonNames, organizations, fingerprints];
  return JSON.stringify(lists.map((list) => list?.toSorted() ?? null));
}
