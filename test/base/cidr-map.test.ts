import { expect, test } from "bun:test";

import { type CidrEntry, compileCidrMap, lookupCidr } from "../../src/base/cidr-map.ts";
import { type Cidr, formatCidr, formatIp, type Ip, parseCidr, parseIp } from "../../src/base/ip.ts";

function cidr(text: string): Cidr {
  const parsed = parseCidr(text);
  if (parsed === undefined) throw new Error(`Not a CIDR: ${text}`);
  return parsed;
}

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`Not an address: ${text}`);
  return parsed;
}

function mapOf(...texts: readonly string[]) {
  return compileCidrMap(texts.map((text, value) => ({ cidr: cidr(text), value })));
}

/** The definition: the longest prefix that the address has, and of equal ones the first. */
function naiveLookup(entries: readonly CidrEntry[], address: Ip): number {
  let best: CidrEntry | undefined;
  for (const entry of entries) {
    const { ip: start, prefix } = entry.cidr;
    if (typeof start !== typeof address) continue;
    const cut = parseCidr(`${formatIp(address)}/${prefix}`);
    if (cut === undefined || formatCidr(cut) !== formatCidr(entry.cidr)) continue;
    if (best === undefined || prefix > best.cidr.prefix) best = entry;
  }
  return best?.value ?? -1;
}

test("an empty map holds nothing", () => {
  expect(lookupCidr(mapOf(), ip("1.2.3.4"))).toBe(-1);
  expect(lookupCidr(mapOf(), ip("::1"))).toBe(-1);
});

test("the most specific prefix wins, whatever the order", () => {
  for (const map of [mapOf("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3"), mapOf("10.0.0.0/8", "10.1.0.0/16", "10.1.2.3")]) {
    expect(lookupCidr(map, ip("10.1.2.3"))).toBe(2);
    expect(lookupCidr(map, ip("10.1.2.4"))).toBe(1);
    expect(lookupCidr(map, ip("10.2.0.0"))).toBe(0);
    expect(lookupCidr(map, ip("9.255.255.255"))).toBe(-1);
    expect(lookupCidr(map, ip("11.0.0.0"))).toBe(-1);
  }
});

test("of two equal prefixes the first wins", () => {
  expect(lookupCidr(mapOf("10.0.0.0/8", "10.0.0.0/8"), ip("10.0.0.1"))).toBe(0);
});

test("the first and the last address of each family are in range", () => {
  const map = mapOf("0.0.0.0/0", "255.255.255.255", "::/0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
  expect(lookupCidr(map, ip("0.0.0.0"))).toBe(0);
  expect(lookupCidr(map, ip("255.255.255.254"))).toBe(0);
  expect(lookupCidr(map, ip("255.255.255.255"))).toBe(1);
  expect(lookupCidr(map, ip("::"))).toBe(2);
  expect(lookupCidr(map, ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))).toBe(3);
});

test("IPv4 and IPv6 are apart, but an IPv4-mapped address is IPv4", () => {
  const map = mapOf("::/0", "10.0.0.0/8");
  expect(lookupCidr(map, ip("11.0.0.1"))).toBe(-1);
  expect(lookupCidr(map, ip("::ffff:10.0.0.1"))).toBe(1);
});

test("neighbours of equal value become one interval", () => {
  const map = compileCidrMap([
    { cidr: cidr("10.0.0.0/9"), value: 0 },
    { cidr: cidr("10.128.0.0/9"), value: 0 },
    { cidr: cidr("10.3.0.0/16"), value: 0 },
  ]);
  expect(Array.from(map.v4Values)).toEqual([0, -1]);
});

/** One of three values, so that addresses meet. */
function group(): number {
  return Math.floor(Math.random() * 3);
}

/** Few distinct bits, so that prefixes nest and touch all the time; one family only in every third set. */
function randomEntries(count: number, family: number): CidrEntry[] {
  return Array.from({ length: count }, (_, value) => {
    const text =
      family === 0 || (family === 2 && Math.random() < 0.5)
        ? `${group() * 127}.${group()}.${group()}.${group()}/${Math.floor(Math.random() * 33)}`
        : `${group()}:${group()}::${group()}:${group()}/${Math.floor(Math.random() * 129)}`;
    return { cidr: cidr(text), value };
  });
}

test("a lookup finds what trying every prefix finds", () => {
  for (let round = 0; round < 300; round++) {
    const entries = randomEntries(1 + Math.floor(Math.random() * 40), round % 3);
    const map = compileCidrMap(entries);
    for (const { cidr: probe } of randomEntries(40, 2))
      expect(lookupCidr(map, probe.ip)).toBe(naiveLookup(entries, probe.ip));
  }
});

test("a large set, which is sorted in another way, finds what trying every prefix finds", () => {
  const entries = randomEntries(6000, 2);
  const map = compileCidrMap(entries);
  for (const { cidr: probe } of randomEntries(30, 2))
    expect(lookupCidr(map, probe.ip)).toBe(naiveLookup(entries, probe.ip));
});

test("100,000 prefixes are found, each by its own address", () => {
  const entries = Array.from({ length: 100_000 }, (_, value) => ({
    cidr: { ip: (value * 42_949) >>> 0, prefix: 32 },
    value,
  }));
  const map = compileCidrMap(entries);
  expect(map.size).toBe(100_000);
  expect(entries.every(({ cidr: { ip: own }, value }) => lookupCidr(map, own) === value)).toBe(true);
});

test("a map is plain data that survives a structured clone", () => {
  const map = mapOf("10.0.0.0/8", "2001:db8::/32");
  expect(structuredClone(map)).toEqual(map);
});
