// Functions of IP addresses. What is no address is in no range. What is no range is an error, where ngrok takes it for an empty one: a
// rule that keeps somebody out must not become one that keeps nobody out.

import { type CelFunc, celFunc, celMethod } from "@bufbuild/cel";

import { type Cidr, type Ip, parseCidr, parseIp } from "../../base/ip.ts";
import { CelError } from "../cel-error.ts";
import { BOOL, LIST, STRING } from "../type.ts";
import { itemsOf } from "./declare.ts";

/** RFC 1918; ngrok's function knows these only. */
const PRIVATE: readonly Cidr[] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].flatMap(
  (text) => parseCidr(text) ?? [],
);

/** Functions of addresses. */
export const ADDRESS_FUNCTIONS: readonly CelFunc[] = [
  celFunc("inCidrRange", [STRING, STRING], BOOL, (ip, range) => isInRange(parseIp(ip), rangeOf(range))),
  celFunc("inCidrRanges", [STRING, LIST], BOOL, (text, ranges) => {
    const ip = parseIp(text);
    // All are read: a mistake behind a range that fits is one all the same.
    return itemsOf(ranges)
      .map(rangeOf)
      .some((range) => isInRange(ip, range));
  }),
  celMethod("isPrivateIp", STRING, [], BOOL, function isPrivateIp() {
    const ip = parseIp(this);
    return ip !== undefined && PRIVATE.some((range) => holds(range, ip));
  }),
];

/** Why a text is no range of addresses; `undefined` when it is one. */
export function cidrProblem(text: string): string | undefined {
  const cidr = parseCidr(text);
  return cidr === undefined ? `Expected a CIDR such as 10.0.0.0/8, found "${text}"` : undefined;
}

function rangeOf(range: unknown): Cidr {
  const cidr = typeof range === "string" ? parseCidr(range) : undefined;
  if (cidr === undefined)
    throw new CelError("bad-argument", `Expected a CIDR such as 10.0.0.0/8, found "${String(range)}"`);
  return cidr;
}

function isInRange(ip: Ip | undefined, cidr: Cidr): boolean {
  return ip !== undefined && holds(cidr, ip);
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
