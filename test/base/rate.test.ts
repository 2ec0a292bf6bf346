import { expect, test } from "bun:test";

import { MAX_RATE, parseRate } from "../../src/base/rate.ts";
import { Random } from "../support/random.ts";

test.each([
  ["50/s", 50, 50],
  ["300/m", 300, 5],
  ["10/h", 10, 10 / 3600],
  ["1000000000/s", MAX_RATE, MAX_RATE],
])("parseRate() reads %s as %d, which is %d a second", (text, count, perSecond) => {
  expect(parseRate(text)).toEqual({ count, perSecond });
});

test.each([
  "",
  "50",
  "/s",
  "0/s",
  "-1/s",
  "1.5/s",
  "50/d",
  "50 / s",
  "50/s ",
  "50/S",
  "1000000001/s",
  "1e3/s",
  "9".repeat(1e5),
])("parseRate() refuses %j", (text) => {
  expect(parseRate(text)).toBeUndefined();
});

test("parseRate() is total, and what it reads is in bounds", () => {
  for (let seed = 0; seed < 5000; seed++) {
    const random = new Random(seed);
    const text = Array.from({ length: random.below(16) }, () => "0123456789/smhd .-e\0é"[random.below(20)]).join("");
    const rate = parseRate(text);
    if (rate === undefined) continue;
    expect(rate.count).toBeWithin(1, MAX_RATE + 1);
    expect(rate.perSecond).toBeGreaterThan(0);
    expect(rate.perSecond).toBeLessThanOrEqual(rate.count);
  }
});
