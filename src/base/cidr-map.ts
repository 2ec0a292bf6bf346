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

/** From this many prefixes on, passes over all of them cost less than comparisons. */
const RADIX_SORT_FROM = 4096;

/** Sweeps over prefixes of `width` words each, which either nest or are disjoint, with a stack of those that are open. */
function flatten(entries: readonly CidrEntry[], width: number): { starts: Uint32Array; values: Int32Array } {
  const { firsts, lasts, order } = sortPrefixes(entries, width);
  const sink = new Intervals(entries.length, width);
  const open: number[] = [];
  const valueOf = (index: number | undefined) => (index === undefined ? -1 : (entries[index]?.value ?? -1));
  let previous = -1;
  for (let turn = 0; turn < order.length; turn++) {
    const index = order[turn] ?? 0;
    const at = index * width;
    if (previous !== -1 && isSame(firsts, lasts, previous * width, at, width)) continue;
    previous = index;
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (compareWords(lasts, top * width, firsts, at, width) >= 0) break;
      open.pop();
      sink.beginAfter(lasts, top * width, valueOf(open.at(-1)));
    }
    open.push(index);
    sink.begin(firsts, at, valueOf(index));
  }
  for (let top = open.pop(); top !== undefined; top = open.pop()) {
    sink.beginAfter(lasts, top * width, valueOf(open.at(-1)));
  }
  return sink.finish();
}

interface SortedPrefixes {
  /** First and last address of each prefix, by its index among the entries. */
  readonly firsts: Uint32Array;
  readonly lasts: Uint32Array;
  /** Indexes: outer prefixes before those inside them, the first of equals first. */
  readonly order: Uint32Array;
}

function sortPrefixes(entries: readonly CidrEntry[], width: number): SortedPrefixes {
  const firsts = new Uint32Array(entries.length * width);
  const lasts = new Uint32Array(entries.length * width);
  entries.forEach(({ cidr: { ip, prefix } }, index) => {
    for (let word = 0; word < width; word++) {
      const first = typeof ip === "number" ? ip : (ip[word] ?? 0);
      const bits = Math.min(32, Math.max(0, prefix - word * 32));
      firsts[index * width + word] = first;
      lasts[index * width + word] = bits === 32 ? first : first | (0xffffffff >>> bits);
    }
  });
  const prefixes = new Uint32Array(entries.length).map((_, index) => entries[index]?.cidr.prefix ?? 0);
  const order =
    entries.length < RADIX_SORT_FROM
      ? Uint32Array.from(entries.keys()).toSorted(
          (a, b) =>
            compareWords(firsts, a * width, firsts, b * width, width) ||
            (prefixes[a] ?? 0) - (prefixes[b] ?? 0) ||
            a - b,
        )
      : radixSort(firsts, prefixes, width);
  return { firsts, lasts, order };
}

/** Sorts by first address, then by prefix, sixteen bits at a time from the last to the first; each pass is stable. */
function radixSort(firsts: Uint32Array, prefixes: Uint32Array, width: number): Uint32Array {
  const count = prefixes.length;
  let order = new Uint32Array(count).map((_, index) => index);
  let sorted = new Uint32Array(order.length);
  const ends = new Uint32Array(65_537);
  const pass = (words: Uint32Array, stride: number, word: number, shift: number): void => {
    ends.fill(0);
    // Plain loops: an iterator over a typed array costs several times as much, which shows with 100,000 prefixes.
    for (let at = 0; at < count; at++) {
      const digit = ((words[at * stride + word] ?? 0) >>> shift) & 0xffff;
      ends[digit + 1] = (ends[digit + 1] ?? 0) + 1;
    }
    for (let digit = 1; digit < ends.length; digit++) ends[digit] = (ends[digit] ?? 0) + (ends[digit - 1] ?? 0);
    for (let at = 0; at < count; at++) {
      const index = order[at] ?? 0;
      const digit = ((words[index * stride + word] ?? 0) >>> shift) & 0xffff;
      const place = ends[digit] ?? 0;
      ends[digit] = place + 1;
      sorted[place] = index;
    }
    [order, sorted] = [sorted, order];
  };
  pass(prefixes, 1, 0, 0);
  for (let word = width - 1; word >= 0; word--) {
    pass(firsts, width, word, 0);
    pass(firsts, width, word, 16);
  }
  return order;
}

/** Grows the two arrays of intervals and joins neighbours of equal value. */
class Intervals {
  readonly #width: number;
  readonly #starts: Uint32Array;
  readonly #values: Int32Array;
  readonly #next: Uint32Array;
  #length = 0;

  /** `prefixes` prefixes need at most two boundaries each. */
  constructor(prefixes: number, width: number) {
    this.#width = width;
    this.#starts = new Uint32Array(prefixes * 2 * width);
    this.#values = new Int32Array(prefixes * 2);
    this.#next = new Uint32Array(width);
  }

  /** Begins an interval at an address, which is not before that of the last one. */
  begin(source: Uint32Array, at: number, value: number): void {
    const width = this.#width;
    const last = (this.#length - 1) * width;
    if (this.#length > 0 && compareWords(this.#starts, last, source, at, width) === 0) this.#length--;
    if ((this.#length === 0 ? -1 : this.#values[this.#length - 1]) === value) return;
    for (let word = 0; word < width; word++) this.#starts[this.#length * width + word] = source[at + word] ?? 0;
    this.#values[this.#length++] = value;
  }

  /** Begins an interval at the address after this one; after the last address there is nothing. */
  beginAfter(source: Uint32Array, at: number, value: number): void {
    const next = this.#next;
    let carry = 1;
    for (let word = this.#width - 1; word >= 0; word--) {
      const sum = (source[at + word] ?? 0) + carry;
      next[word] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
    if (carry === 0) this.begin(next, 0, value);
  }

  finish(): { starts: Uint32Array; values: Int32Array } {
    return { starts: this.#starts.slice(0, this.#length * this.#width), values: this.#values.slice(0, this.#length) };
  }
}

function isSame(firsts: Uint32Array, lasts: Uint32Array, a: number, b: number, width: number): boolean {
  return compareWords(firsts, a, firsts, b, width) === 0 && compareWords(lasts, a, lasts, b, width) === 0;
}

function compareWords(a: Uint32Array, atA: number, b: Uint32Array, atB: number, width: number): number {
  const first = (a[atA] ?? 0) - (b[atB] ?? 0);
  if (first !== 0 || width === 1) return first;
  for (let word = 1; word < width; word++) {
    const difference = (a[atA + word] ?? 0) - (b[atB + word] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
