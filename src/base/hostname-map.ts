// A set of host name patterns as plain data: one hash look-up for an exact name and at most one per label for wildcards,
// whatever the number of patterns, and the result can be cloned into a worker. Knows patterns, not what they stand for.

import type { HostnamePattern } from "./hostname.ts";

/** Name → value of the most specific pattern that means it. */
export interface HostnameMap {
  /** Number of patterns it was made from. */
  readonly size: number;
  /** By name. */
  readonly exact: ReadonlyMap<string, number>;
  /** By what follows the star, which is one label. */
  readonly oneLabel: ReadonlyMap<string, number>;
  /** By what follows the star, which is one or more labels. */
  readonly anyDepth: ReadonlyMap<string, number>;
  /** Of every other name, and of clients without one; -1 for none. */
  readonly catchAll: number;
}

/** One pattern and what it stands for: a non-negative integer. */
export interface HostnameEntry {
  readonly pattern: HostnamePattern;
  readonly value: number;
}

/** Indexes patterns; of two equal ones the first wins. Costs O(n). */
export function compileHostnames(entries: readonly HostnameEntry[]): HostnameMap {
  const exact = new Map<string, number>();
  const oneLabel = new Map<string, number>();
  const anyDepth = new Map<string, number>();
  const tables = { none: exact, "one-label": oneLabel, "any-depth": anyDepth };
  let catchAll = -1;
  for (const { pattern, value } of entries) {
    if (pattern.wildcard === "all") {
      if (catchAll === -1) catchAll = value;
      continue;
    }
    const table = tables[pattern.wildcard];
    if (!table.has(pattern.name)) table.set(pattern.name, value);
  }
  return { size: entries.length, exact, oneLabel, anyDepth, catchAll };
}

/**
 * Value of the most specific pattern that means `name`, or -1: an exact one before wildcards, of these the one with the
 * longest name, of equally long ones that of one label, and last the catch-all. A client without a name has only that.
 * `name` is in the form of `parseHostname`.
 */
export function lookupHostname(map: HostnameMap, name: string | undefined): number {
  if (name === undefined) return map.catchAll;
  const exact = map.exact.get(name);
  if (exact !== undefined) return exact;
  let dot = name.indexOf(".");
  if (dot !== -1 && map.oneLabel.size > 0) {
    const value = map.oneLabel.get(name.slice(dot + 1));
    if (value !== undefined) return value;
  }
  if (map.anyDepth.size === 0) return map.catchAll;
  for (; dot !== -1; dot = name.indexOf(".", dot + 1)) {
    const value = map.anyDepth.get(name.slice(dot + 1));
    if (value !== undefined) return value;
  }
  return map.catchAll;
}
