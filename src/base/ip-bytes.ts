// IP addresses as the bytes that protocols carry, in network order. As everywhere in this program, an IPv4-mapped IPv6
// address is IPv4 once it is read.

import type { Ip } from "./ip.ts";

/** The four bytes at `at`. */
export function readIp4(view: DataView, at: number): Ip {
  return view.getUint32(at);
}

/** The 16 bytes at `at`; IPv4 when they are an IPv4-mapped address. */
export function readIp6(view: DataView, at: number): Ip {
  const words = Uint32Array.from({ length: 4 }, (_, word) => view.getUint32(at + word * 4));
  const mapped = words[0] === 0 && words[1] === 0 && words[2] === 0xffff;
  return mapped ? view.getUint32(at + 12) : words;
}

/** Writes 16 bytes at `at`: an IPv4 address in its IPv4-mapped form. */
export function writeIp6(view: DataView, at: number, ip: Ip): void {
  const words = typeof ip === "number" ? [0, 0, 0xffff, ip] : ip;
  for (let word = 0; word < 4; word++) view.setUint32(at + word * 4, words[word] ?? 0);
}
