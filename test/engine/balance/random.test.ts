import { expect, test } from "bun:test";
import { randomBalancer } from "../../../src/engine/balance/random.ts";
import { candidatesOf, countPicks, worstDeviation } from "../../support/candidates.ts";
import { Random } from "../../support/random.ts";

function seeded(seed: number): () => number {
  const random = new Random(seed);
  return () => random.below(2 ** 32) / 2 ** 32;
}

test("candidates that are equally busy are picked by their shares", () => {
  for (const shares of [[1], [1, 1], [5, 3, 2], [0.1, 1], [1, 1, 1, 1, 1, 1, 1, 100]]) {
    const candidates = candidatesOf(shares);
    const counts = countPicks(randomBalancer(seeded(7)), candidates, 50_000);
    expect(worstDeviation(candidates, counts), shares.join()).toBeLessThan(4);
  }
});

test("of two drawn the less busy one is picked, so the busiest is never", () => {
  const candidates = candidatesOf([1, 1, 1]);
  candidates.forEach((candidate, at) => (candidate.connectionsActive = at === 1 ? 5 : 2));
  const [, busiest] = countPicks(randomBalancer(seeded(3)), candidates, 1_000);
  expect(busiest).toBe(0);
});

test("busy is meant for the share: ten connections are less for a share of ten than two for one of one", () => {
  const candidates = candidatesOf([10, 1]);
  candidates.forEach((candidate, at) => (candidate.connectionsActive = at === 0 ? 10 : 2));
  expect(countPicks(randomBalancer(seeded(3)), candidates, 100)).toEqual([100, 0]);
});

test("connections that stay end up far more even than chance would leave them", () => {
  const candidates = candidatesOf([4, 2, 1, 1]);
  const pick = randomBalancer(seeded(11));
  for (let at = 0; at < 8_000; at++) {
    const picked = pick(candidates, 0);
    if (picked !== undefined) picked.connectionsActive++;
  }
  for (const { connectionsActive, share } of candidates) {
    expect(Math.abs(connectionsActive - share * 1_000)).toBeLessThan(20);
  }
});

test("the ends of the line of chances belong to the first and the last", () => {
  const candidates = candidatesOf([1, 2, 3]);
  expect(randomBalancer(() => 0)(candidates, 0)?.name).toBe("a");
  expect(randomBalancer(() => 1 - Number.EPSILON / 2)(candidates, 0)?.name).toBe("c");
  // Never reached by a random source that keeps its promise, but rounding must not lose a client.
  expect(randomBalancer(() => 1)(candidates, 0)?.name).toBe("c");
});

test("nobody is picked when nobody is there", () => {
  expect(randomBalancer(seeded(1))([], 0)).toBeUndefined();
});
