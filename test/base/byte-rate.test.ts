import { expect, test } from "bun:test";

import { correctByteRate, parseByteRate } from "../../src/base/byte-rate.ts";
import { Random } from "../support/random.ts";

test.each([
  ["1B/s", 1],
  ["512kB/s", 512_000],
  ["10MB/s", 10_000_000],
  ["1.5GB/s", 1_500_000_000],
  ["512KiB/s", 524_288],
  ["1MiB/s", 1_048_576],
  ["1GiB/s", 1_073_741_824],
  ["8kbit/s", 1000],
  ["100Mbit/s", 12_500_000],
  ["1Gbit/s", 125_000_000],
  ["1000GB/s", 1e12],
])("parseByteRate() reads %s as %d bytes a second", (text, bytes) => {
  expect(parseByteRate(text)).toBe(bytes);
});

test.each([
  "",
  "10",
  "10MB",
  "MB/s",
  "10/s",
  "0MB/s",
  "0.1B/s",
  "-1MB/s",
  "10 MB/s",
  "10mb/s",
  "1001GB/s",
  "1e3MB/s",
  "9".repeat(1e5),
])("parseByteRate() refuses %j", (text) => {
  expect(parseByteRate(text)).toBeUndefined();
});

test.each([
  ["10MB", "10MB/s"],
  ["10 MB / s", "10MB/s"],
  ["10mb/s", "10MB/s"],
  ["100Mbps", "100Mbit/s"],
  ["1gbit", "1Gbit/s"],
  ["1000", "1000B/s"],
  ["10Mb", "10MB/s"],
])("correctByteRate() takes %s for %s", (written, meant) => {
  expect(correctByteRate(written)).toBe(meant);
});

test.each(["", "0", "fast", "10 apples", "1000000GB", "1".repeat(1000)])(
  "correctByteRate() has no idea what %j was meant to be",
  (written) => {
    expect(correctByteRate(written)).toBeUndefined();
  },
);

test("both are total, and what is read is in bounds", () => {
  for (let seed = 0; seed < 5000; seed++) {
    const random = new Random(seed);
    const text = Array.from({ length: random.below(14) }, () => "0123456789.kKMGiBbt/ps \0é-"[random.below(26)]).join(
      "",
    );
    for (const each of [text, `${text}MB/s`, `${random.below(1e9)}${text}/s`]) {
      const bytes = parseByteRate(each);
      if (bytes !== undefined) expect(Number.isInteger(bytes) && bytes >= 1 && bytes <= 1e12).toBe(true);
      const corrected = correctByteRate(each);
      if (corrected !== undefined) expect(parseByteRate(corrected)).toBeDefined();
    }
  }
});
