// A set of address prefixes as plain data: CIDRs are flattened once into sorted, disjoint intervals, so that a lookup
// is one binary search whatever the number of entries, and the result can be cloned into a worker.

import type { Ip } from "./ip.ts";

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

/** Value of the most specific prefix that holds `ip`, or -1. */
export declare function lookupCidr(map: CidrMap, ip: Ip): number;
