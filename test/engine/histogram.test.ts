import { expect, test } from "bun:test";
import { Histogram } from "../../src/engine/histogram.ts";

test("counts are cumulative, bounds belong to their bucket, and the last counts everything", () => {
  const histogram = new Histogram([1, 2, 5]);
  for (const value of [0.5, 1, 1.5, 5, 7]) histogram.observe(value);
  expect(histogram.snapshot()).toEqual({ bounds: [1, 2, 5], counts: [2, 3, 4, 5], sum: 15 });
});
