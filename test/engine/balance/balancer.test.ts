import { expect, test } from "bun:test";
import { balancerOf } from "../../../src/engine/balance/balancer.ts";
import { candidatesOf, countPicks } from "../../support/candidates.ts";

test("every name of a balancer is a balancer that does what it is called", () => {
  const busy = candidatesOf([1, 1]);
  busy.slice(0, 1).forEach((candidate) => (candidate.connectionsActive = 9));
  expect(countPicks(balancerOf("round-robin"), busy, 10)).toEqual([5, 5]);
  expect(countPicks(balancerOf("least-connections"), busy, 10)).toEqual([0, 10]);
  expect(countPicks(balancerOf("random"), busy, 10)).toEqual([0, 10]);
  const bySource = countPicks(balancerOf("source-hash"), busy, 10, () => 77);
  expect(bySource.toSorted((a, b) => a - b)).toEqual([0, 10]);
});

test("a single candidate is always picked", () => {
  for (const balance of ["round-robin", "least-connections", "random", "source-hash"] as const) {
    expect(countPicks(balancerOf(balance), candidatesOf([0.01]), 5)).toEqual([5]);
  }
});
