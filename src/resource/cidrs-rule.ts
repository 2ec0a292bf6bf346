// A list of addresses and CIDRs as a route has it: what is said about each wrong one.

import { type Cidr, formatCidr, parseCidr, parseIp } from "../base/ip.ts";
import { isShowable, quote, type Refuse, rule } from "./rule.ts";

/** Of a list of addresses, this many wrong ones are told. */
const MAX_WRONG_ITEMS = 100;

/** A list of addresses and CIDRs. */
export const cidrsRule = rule(readCidrs);

/** The good ones of such a list. */
export function readCidrs(value: unknown, refuse: Refuse): readonly Cidr[] | undefined {
  if (!Array.isArray(value)) {
    const hint = isShowable(value) ? `Write [${quote(value)}]` : undefined;
    refuse("wrong-type", `Expected a list of addresses and CIDRs, found ${quote(value)}`, hint);
    return undefined;
  }
  // An empty `allow` could mean everyone or no one, and which of the two should not be guessed.
  if (value.length === 0) refuse("empty-list", "Expected at least one address or CIDR, found an empty list");
  const cidrs: Cidr[] = [];
  let wrong = 0;
  value.forEach((item: unknown, index) => {
    const cidr = typeof item === "string" ? parseCidr(item) : undefined;
    if (cidr !== undefined && !hasHostBits(cidr, String(item))) cidrs.push(cidr);
    else if (++wrong > MAX_WRONG_ITEMS) return;
    else if (cidr === undefined)
      refuse("bad-cidr", `Expected an address or CIDR such as 10.0.0.0/8, found ${quote(item)}`, undefined, [index]);
    else {
      const hint = `Write ${formatCidr(cidr)} for all of it, or the address without a prefix`;
      refuse("host-bits", `${quote(item)} is an address inside ${formatCidr(cidr)}`, hint, [index]);
    }
  });
  return cidrs;
}

/** Whether a prefix was written with an address that is not its first: one of the two is not what was meant. */
export function hasHostBits({ ip }: Cidr, text: string): boolean {
  const slash = text.indexOf("/");
  const written = slash === -1 ? ip : parseIp(text.slice(0, slash));
  if (written === undefined || typeof written === "number" || typeof ip === "number") return written !== ip;
  return written.some((word, at) => word !== ip[at]);
}
