import { expect, test } from "bun:test";
import { TokenBucket } from "../../src/socket/token-bucket.ts";

test("a bucket begins full, and fills again at its rate", () => {
  const bucket = new TokenBucket(1_000_000, 50);
  expect(bucket.available(50)).toBe(100_000);
  bucket.spend(100_000);
  expect(bucket.available(50)).toBe(0);
  expect(bucket.available(70)).toBe(20_000);
  expect(bucket.available(10_000)).toBe(100_000);
});

test("a burst is a tenth of a second's worth, and never less than a short message", () => {
  expect(new TokenBucket(1, 0).available(0)).toBe(16_384);
  expect(new TokenBucket(10_000_000, 0).available(0)).toBe(1_000_000);
});

test("parts of bytes add up, and time that goes back counts for nothing", () => {
  const bucket = new TokenBucket(125, 0);
  bucket.spend(16_384);
  for (let nowMs = 1; nowMs <= 1_000; nowMs++) bucket.available(nowMs);
  expect(bucket.available(500)).toBe(125);
});

test("a piece is a segment, or what a tenth of a second brings, or a byte", () => {
  expect([1, 100, 14_000, 10_000_000].map((rate) => new TokenBucket(rate, 0).pieceBytes)).toEqual([
    1, 10, 1_400, 1_460,
  ]);
});

test("who takes while others wait gets an even part, but one that is worth a write", () => {
  const bucket = new TokenBucket(1_000_000, 0);
  expect(bucket.share(0)).toBe(100_000);
  bucket.waiting = 9;
  expect(bucket.share(0)).toBe(10_000);
  bucket.waiting = 999;
  expect(bucket.share(0)).toBe(1_460);
  bucket.spend(99_000);
  expect(bucket.share(0)).toBe(1_000);
});
