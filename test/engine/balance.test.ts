import { expect, test } from "bun:test";
import { pickRoundRobin } from "../../src/engine/balance.ts";
import { Random } from "../support/random.ts";

function candidates(weights: readonly number[]): { weight: number; credit: number; name: string }[] {
  return weights.map((weight, at) => ({ weight, credit: 0, name: String.fromCodePoint(97 + at) }));
}

const all = (): boolean => true;

test("spreads the picks of a heavy candidate instead of giving them in a row", () => {
  const pool = candidates([5, 1, 1]);
  const picks = Array.from({ length: 7 }, () => pickRoundRobin(pool, all)?.name);
  expect(picks.join("")).toBe("aabacaa");
});

test("gives exact shares over every whole round, whatever the weights", () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = new Random(seed);
    const weights = Array.from({ length: 1 + random.below(8) }, () => random.below(20));
    const pool = candidates(weights);
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const counts = new Map<string, number>();
    for (let pick = 0; pick < total * 3; pick++) {
      const name = pickRoundRobin(pool, all)?.name ?? "nobody";
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const { name, weight } of pool) expect(counts.get(name) ?? 0, `seed ${seed}`).toBe(weight * 3);
  }
});

test("never picks weight 0 or what is not usable, and nobody when nobody is left", () => {
  const pool = candidates([0, 3, 2]);
  for (let pick = 0; pick < 20; pick++) expect(pickRoundRobin(pool, ({ name }) => name !== "b")?.name).toBe("c");
  expect(pickRoundRobin(pool, () => false)).toBeUndefined();
  expect(pickRoundRobin([], all)).toBeUndefined();
});
