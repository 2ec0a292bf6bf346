import { expect, test } from "bun:test";
import { pickRoundRobin } from "../../../src/engine/balance/round-robin.ts";
import { candidatesOf, countPicks } from "../../support/candidates.ts";
import { Random } from "../../support/random.ts";

test("spreads the picks of a heavy candidate instead of giving them in a row", () => {
  const candidates = candidatesOf([5, 1, 1]);
  const picks = Array.from({ length: 7 }, () => pickRoundRobin(candidates)?.name);
  expect(picks.join("")).toBe("aabacaa");
});

test("gives exact shares over every whole round, whatever the weights", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const weights = Array.from({ length: 1 + random.below(8) }, () => 1 + random.below(20));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = countPicks(pickRoundRobin, candidatesOf(weights), total * 3);
    expect(counts, `seed ${seed}`).toEqual(weights.map((weight) => weight * 3));
  }
});

test("a share that is a fraction counts as one", () => {
  expect(countPicks(pickRoundRobin, candidatesOf([0.25, 1, 0.75]), 80)).toEqual([10, 40, 30]);
});

test("after candidates went and came back the shares are right again, soon", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Random(seed);
    const all = candidatesOf([3, 2, 1, 4]);
    for (let pick = 0; pick < 200; pick++) pickRoundRobin(all.filter(() => !random.chance(3)));
    const counts = countPicks(pickRoundRobin, all, 1_000);
    [300, 200, 100, 400].forEach((fair, at) => {
      expect(Math.abs((counts[at] ?? 0) - fair), `seed ${seed}`).toBeLessThan(40);
    });
  }
});

test("nobody is picked when nobody is there", () => {
  expect(pickRoundRobin([])).toBeUndefined();
});
