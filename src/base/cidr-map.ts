// A set of address prefixes as plain data: CIDRs are flattened once into sorted, disjoint intervals, so that a lookup
// is one binary search whatever the number of entries, and the result can be cloned into a worker.

import type { Cidr, Ip } from "./ip.ts";

/**
 * Address → value of the most specific prefix that holds it. IPv4 is keyed by its 32 bits; IPv6 by four 32-bit words.
 * `v4Starts[i]` begins an interval that ends where the next one begins and has the value `v4Values[i]`, -1 for none.
 */
export interface CidrMap {
  /** Number of prefixes it was made from. */
  readonly size: number;
  readonly v4Starts: Uint32Array;
  readonly v4Values: Int32Array;
  /** Four words per interval, most significant first. */
  readonly v6Starts: Uint32Array;
  readonly v6Values: Int32Array;
}

/** One prefix and what it stands for: a non-negative 32-bit integer. */
export interface CidrEntry {
  readonly cidr: Cidr;
  readonly value: number;
}

/**
 * Flattens prefixes; the most specific wins, and of two equal prefixes the first. IPv4 and IPv6 are apart: `::/0` holds no
 * IPv4 address. Costs O(n log n).
 */
export function compileCidrMap(entries: readonly CidrEntry[]): CidrMap {
  const v4 = entries.filter((entry) => typeof entry.cidr.ip === "number");
  const v6 = v4.length === entries.length ? [] : entries.filter((entry) => typeof entry.cidr.ip !== "number");
  const four = flatten(v4, 1);
  const six = flatten(v6, 4);
  return {
    size: entries.length,
    v4Starts: four.starts,
    v4Values: four.values,
    v6Starts: six.starts,
    v6Values: six.values,
  };
}

/** Value of the most specific prefix that holds `ip`, or -1. Allocates nothing. */
export function lookupCidr(map: CidrMap, ip: Ip): number {
  let low = 0;
  if (typeof ip === "number") {
    let high = map.v4Values.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((map.v4Starts[middle] ?? 0) <= ip) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? -1 : (map.v4Values[low - 1] ?? -1);
  }
  let high = map.v6Values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareWords(map.v6Starts, middle * 4, ip, 0, 4) <= 0) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? -1 : (map.v6Values[low - 1] ?? -1);
}

/** Sweeps over prefixes of `width` words each, which either nest or are disjoint, with a stack of those that are open. */
function flatten(entries: readonly CidrEntry[], width: number): { starts: Uint32Array; values: Int32Array } {
  const keys = new Uint32Array(entries.length * width);
  entries.forEach(({ cidr: { ip } }, index) => {
    if (typeof ip === "number") keys[index] = ip;
    else keys.set(ip, index * width);
  });
  const prefixOf = (index: number) => entries[index]?.cidr.prefix ?? 0;
  // Outer prefixes come before those inside them; both sorts keep the first of equals first.
  const order =
    width === 1
      ? orderShort(keys, prefixOf)
      : Array.from(entries.keys()).toSorted(
          (a, b) => compareWords(keys, a * width, keys, b * width, width) || prefixOf(a) - prefixOf(b),
        );
  const sink = new Intervals(entries.length, width);
  const open: { readonly end: Uint32Array; readonly value: number }[] = [];
  const closeUntil = (start: Uint32Array | undefined): void => {
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (start !== undefined && compareWords(top.end, 0, start, 0, width) >= 0) return;
      open.pop();
      const next = successor(top.end);
      if (next !== undefined) sink.begin(next, open.at(-1)?.value ?? -1);
    }
  };
  let previous = -1;
  for (const index of order) {
    const start = keys.subarray(index * width, index * width + width);
    const same = previous !== -1 && compareWords(keys, previous * width, start, 0, width) === 0;
    if (same && prefixOf(previous) === prefixOf(index)) continue;
    previous = index;
    closeUntil(start);
    const value = entries[index]?.value ?? -1;
    open.push({ end: lastAddress(start, prefixOf(index)), value });
    sink.begin(start, value);
  }
  closeUntil(undefined);
  return sink.finish();
}

/** The order of one-word prefixes, by a sort of plain numbers: several times faster than one with a comparator. */
function orderShort(keys: Uint32Array, prefixOf: (index: number) => number): number[] {
  const firsts = new Map<number, number>();
  const sortable = new Float64Array(keys.length);
  keys.forEach((key, index) => {
    const place = key * 64 + prefixOf(index);
    sortable[index] = place;
    if (!firsts.has(place)) firsts.set(place, index);
  });
  return Array.from(sortable.toSorted(), (place) => firsts.get(place) ?? 0);
}

/** Grows the two arrays of intervals and joins neighbours of equal value. */
class Intervals {
  readonly #width: number;
  readonly #starts: Uint32Array;
  readonly #values: Int32Array;
  #length = 0;

  /** `prefixes` prefixes need at most two boundaries each, and one before all of them. */
  constructor(prefixes: number, width: number) {
    this.#width = width;
    this.#starts = new Uint32Array((prefixes * 2 + 1) * width);
    this.#values = new Int32Array(prefixes * 2 + 1);
  }

  begin(start: Uint32Array, value: number): void {
    const width = this.#width;
    if (this.#length > 0 && compareWords(this.#starts, (this.#length - 1) * width, start, 0, width) === 0)
      this.#length--;
    if ((this.#length === 0 ? -1 : this.#values[this.#length - 1]) === value) return;
    this.#starts.set(start, this.#length * width);
    this.#values[this.#length++] = value;
  }

  finish(): { starts: Uint32Array; values: Int32Array } {
    return { starts: this.#starts.slice(0, this.#length * this.#width), values: this.#values.slice(0, this.#length) };
  }
}

function compareWords(a: Uint32Array, atA: number, b: Uint32Array, atB: number, width: number): number {
  for (let word = 0; word < width; word++) {
    const difference = (a[atA + word] ?? 0) - (b[atB + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function lastAddress(start: Uint32Array, prefix: number): Uint32Array {
  return start.map((word, index) => {
    const bits = Math.min(32, Math.max(0, prefix - index * 32));
    return bits === 32 ? word : (word | (0xffffffff >>> bits)) >>> 0;
  });
}

/** The address after this one, or `undefined` after the last. */
function successor(address: Uint32Array): Uint32Array | undefined {
  const next = address.slice();
  for (let word = next.length - 1; word >= 0; word--) {
    const value = next[word] ?? 0;
    next[word] = value + 1;
    if (value !== 0xffffffff) return next;
  }
  return undefined;
}
