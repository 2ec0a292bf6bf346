// Host names of listeners and TLSRoutes: which ones both mean, and which of two is meant more closely. A star stands for one
// label or more, and never for none (Gateway API, "Hostnames"). Absent: every name.

import type { HostnamePattern } from "../../base/hostname.ts";
import { EVERY_HOSTNAME } from "../../resource/manifest/l4-route.ts";

/** Whether all that `inner` means is meant by `outer` too. */
export function covers(outer: string | undefined, inner: string | undefined): boolean {
  if (outer === undefined || outer === EVERY_HOSTNAME) return true;
  if (inner === undefined || inner === EVERY_HOSTNAME) return false;
  if (!isWildcard(outer)) return outer === inner;
  return outer === inner || inner.slice(isWildcard(inner) ? 1 : 0).endsWith(outer.slice(1));
}

/** What both mean, or `undefined` for nothing. */
export function intersect(listener: string | undefined, route: string): string | undefined {
  if (covers(listener, route)) return route;
  return covers(route, listener) ? listener : undefined;
}

/** Patterns that mean all that a pattern means and more, the closest first; the last one is every name. */
export function* widerNames(text: string): Generator<string | undefined> {
  const name = isWildcard(text) ? text.slice(2) : text;
  for (let dot = name.indexOf("."); dot !== -1; dot = name.indexOf(".", dot + 1)) yield `*${name.slice(dot)}`;
  yield undefined;
}

/** The one of `names` that means a pattern most closely; `undefined`: the one of every name, or none. */
export function closestOf(names: ReadonlySet<string | undefined>, text: string): string | undefined {
  if (names.has(text)) return text;
  for (const wider of widerNames(text)) if (names.has(wider)) return wider;
  return undefined;
}

/** The name as the rest of the program has it. */
export function toPattern(text: string | undefined): HostnamePattern {
  if (text === undefined || text === EVERY_HOSTNAME) return { wildcard: "all" };
  return isWildcard(text) ? { name: text.slice(2), wildcard: "any-depth" } : { name: text, wildcard: "none" };
}

/** The same for a name in a certificate, where a star stands for one label (RFC 6125). */
export function toCertificatePattern(text: string): HostnamePattern {
  return isWildcard(text) ? { name: text.slice(2), wildcard: "one-label" } : { name: text, wildcard: "none" };
}

function isWildcard(text: string): boolean {
  return text.startsWith("*.");
}
