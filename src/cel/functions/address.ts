// Functions of IP addresses. What is no address is in no range, and what is no range holds no address: so ngrok has it.

import { type CelFunc, celFunc, celMethod } from "@bufbuild/cel";

import { type Cidr, type Ip, parseCidr, parseIp } from "../../base/ip.ts";
import { BOOL, LIST, STRING } from "../type.ts";
import { itemsOf } from "./declare.ts";

/** RFC 1918; ngrok's function knows these only. */
const PRIVATE: readonly Cidr[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].flatMap(
  (text) => parseCidr(text) ?? [],
);

/** Functions of addresses. */
export const ADDRESS_FUNCTIONS: readonly CelFunc[] = [
  celFunc("inCidrRange", [STRING, STRING], BOOL, (ip, range) => isInRange(parseIp(ip), range)),
  celFunc("inCidrRanges", [STRING, LIST], BOOL, (text, ranges) => {
    const ip = parseIp(text);
    return itemsOf(ranges).some((range) => typeof range === "string" && isInRange(ip, range));
  }),
  celMethod("isPrivateIp", STRING, [], BOOL, function isPrivateIp() {
    const ip = parseIp(this);
    return ip !== undefined && PRIVATE.some((range) => holds(range, ip));
  }),
];

function isInRange(ip: Ip | undefined, range: string): boolean {
  const cidr = ip === undefined ? undefined : parseCidr(range);
  return ip !== undefined && cidr !== undefined && holds(cidr, ip);
}

/** One prefix and one address: building a table of one entry would cost more than it saves. */
function holds({ ip: prefix, prefix: bits }: Cidr, ip: Ip): boolean {
  if (typeof prefix === "number") return typeof ip === "number" && isSame(prefix, ip, bits);
  if (typeof ip === "number") return false;
  return prefix.every((word, index) => isSame(word, ip[index] ?? 0, Math.min(32, Math.max(0, bits - index * 32))));
}

function isSame(a: number, b: number, bits: number): boolean {
  return bits === 0 || (a ^ b) >>> (32 - bits) === 0;
}
