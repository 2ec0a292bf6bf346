import { expect, test } from "bun:test";

import { formatDuration, parseDuration } from "../../src/base/duration.ts";

test.each([
  ["0", 0],
  ["off", 0],
  ["0s", 0],
  ["1500ms", 1500],
  ["30s", 30_000],
  ["1.5s", 1500],
  ["1h30m", 5_400_000],
  ["24h", 86_400_000],
  ["2d", 172_800_000],
  ["1m1s1ms", 61_001],
])("parseDuration() reads %s as %d ms", (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(["", "30", "s", "-1s", "1 s", "30S", "1s1m", "1s1s", "1e3s", "0.1ms", "99999d", "never", "1s".repeat(1000)])(
  "parseDuration() refuses %s",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("formatDuration() writes what parseDuration() reads", () => {
  for (const ms of [0, 1, 999, 1000, 61_001, 5_400_000, 86_400_000, 90_061_001]) {
    expect(parseDuration(formatDuration(ms))).toBe(ms);
  }
  expect(formatDuration(5_400_000)).toBe("1h30m");
  expect(formatDuration(0)).toBe("off");
});
