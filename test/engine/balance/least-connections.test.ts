import { expect, test } from "bun:test";
import { pickLeastConnections } from "../../../src/engine/balance/least-connections.ts";
import { candidatesOf, countPicks } from "../../support/candidates.ts";
import { Random } from "../../support/random.ts";

test("never picks a candidate that is busier for its share than another", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const candidates = candidatesOf(Array.from({ length: 1 + random.below(10) }, () => 1 + random.below(9)));
    for (const candidate of candidates) candidate.connectionsActive = random.below(12);
    for (let pick = 0; pick < 20; pick++) {
      const picked = pickLeastConnections(candidates);
      if (picked === undefined) throw new Error("Nobody was picked");
      const load = picked.connectionsActive / picked.share;
      for (const other of candidates) {
        expect(load, `seed ${seed}`).toBeLessThanOrEqual(other.connectionsActive / other.share);
      }
      picked.connectionsActive++;
    }
  }
});

test("idle candidates take turns by their weights", () => {
  const candidates = candidatesOf([3, 1, 2]);
  expect(countPicks(pickLeastConnections, candidates, 60)).toEqual([30, 10, 20]);
});

test("only the least busy take turns", () => {
  const candidates = candidatesOf([1, 1, 1]);
  candidates.forEach((candidate, at) => (candidate.connectionsActive = at === 1 ? 5 : 2));
  expect(countPicks(pickLeastConnections, candidates, 10)).toEqual([5, 0, 5]);
});

test("connections that stay are shared out by weight", () => {
  const candidates = candidatesOf([5, 3, 2]);
  for (let pick = 0; pick < 1_000; pick++) {
    const picked = pickLeastConnections(candidates);
    if (picked !== undefined) picked.connectionsActive++;
  }
  expect(candidates.map(({ connectionsActive }) => connectionsActive)).toEqual([500, 300, 200]);
});

test("nobody is picked when nobody is there", () => {
  expect(pickLeastConnections([])).toBeUndefined();
});
