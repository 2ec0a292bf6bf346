// Hashes without a seed: the same in every process and on every machine, so that several gateways that are asked the
// same question agree on the answer. Not for keys that an attacker must not foresee; those are keyed-hash.ts.
// The mixing is MurmurHash3's (x86, 32 bits).

import type { Ip } from "./ip.ts";

/** Spreads one address, all of an IPv4 one and the first 64 bits of an IPv6 one: a host may change the others at will. */
export function hashSource(ip: Ip): number {
  return typeof ip === "number" ? hashWord(ip) : hashPair(ip[0] ?? 0, ip[1] ?? 0);
}

/** 32 unsigned bits from a text of any length. */
export function hashText(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at));
  return finish(hash ^ text.length);
}

/** 32 unsigned bits from two numbers of 32 bits, in this order. */
export function hashPair(first: number, second: number): number {
  return finish(mix(mix(0, first), second) ^ 8);
}

function hashWord(word: number): number {
  return finish(mix(0, word) ^ 4);
}

function mix(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Lets every bit change every other. */
function finish(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
