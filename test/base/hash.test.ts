import { expect, test } from "bun:test";
import { hashPair, hashSource, hashText } from "../../src/base/hash.ts";
import { type Ip, parseIp } from "../../src/base/ip.ts";

function ip(text: string): Ip {
  const parsed = parseIp(text);
  if (parsed === undefined) throw new Error(`No address: ${text}`);
  return parsed;
}

test("words hash as MurmurHash3 does, on every machine", () => {
  expect(hashSource(0)).toBe(0x2362f9de);
  expect(hashSource(0x87654321)).toBe(0xf55b516b);
});

test("all of an IPv4 address counts, and its IPv6-mapped form is the same source", () => {
  expect(hashSource(ip("192.0.2.1"))).not.toBe(hashSource(ip("192.0.2.2")));
  expect(hashSource(ip("::ffff:192.0.2.1"))).toBe(hashSource(ip("192.0.2.1")));
});

test("of an IPv6 address the network counts and the host does not", () => {
  expect(hashSource(ip("2001:db8:0:1::1"))).toBe(hashSource(ip("2001:db8:0:1:ffff::2")));
  expect(hashSource(ip("2001:db8:0:1::1"))).not.toBe(hashSource(ip("2001:db8:0:2::1")));
});

test("texts differ by every character, their order and their length", () => {
  const texts = ["", "a", "b", "aa", "ab", "ba", "\0", "\0\0", "10.0.0.1:5432", "10.0.0.1:5433", "ä", "日本"];
  expect(new Set(texts.map(hashText)).size).toBe(texts.length);
  expect(hashText("10.0.0.1:5432")).toBe(hashText(["10.0.0.1", "5432"].join(":")));
});

test("the order of a pair matters", () => {
  expect(hashPair(1, 2)).not.toBe(hashPair(2, 1));
});

test("neighbours are spread over all 32 bits", () => {
  const buckets = Array.from({ length: 64 }, () => 0);
  for (let at = 0; at < 64_000; at++) {
    const bucket = hashSource(0x0a000000 + at) >>> 26;
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 1_000)).toBeLessThan(200);
});
