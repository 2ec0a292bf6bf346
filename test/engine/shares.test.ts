// Shares of a route's clients by weight: exact over a cycle, and mixed within it.

import { expect, test } from "bun:test";

import { Shares } from "../../src/engine/shares.ts";
import type { Pool } from "../../src/engine/pool/pool.ts";
import { idlePool } from "../support/idle-pool.ts";
import { Random } from "../support/random.ts";
import { refused, share } from "../support/shared-route.ts";
import { TlsScene } from "../support/tls-routes.ts";

/** Shares of these weights, the last of them nobody's if `nobody`; and how one of them is called that was chosen. */
function sharesOf(weights: readonly number[], nobody = 0): { readonly choose: () => number } {
  const scene = new TlsScene();
  const pools = weights.map((weight, index) => share(`p${index}`, weight, [1]));
  const { plan } = scene.compile([scene.route("db", { pools, ...(nobody === 0 ? {} : refused(nobody)) })]);
  const [route] = plan.routes;
  if (route === undefined) throw new Error("There is no route");
  const running: Pool[] = route.pools.map(({ pool }) => idlePool(plan, pool));
  const shares = new Shares(route, running);
  return {
    choose: () => {
      const pool = shares.choose();
      return pool === null ? -1 : running.indexOf(pool);
    },
  };
}

function take(count: number, { choose }: { readonly choose: () => number }): readonly number[] {
  return Array.from({ length: count }, choose);
}

test("the heavier pool is not given all of its share at once", () => {
  expect(take(7, sharesOf([5, 1, 1]))).toEqual([0, 0, 1, 0, 2, 0, 0]);
});

test("a share that is nobody's is one among the others", () => {
  expect(take(4, sharesOf([2], 2))).toEqual([0, -1, 0, -1]);
  expect(take(4, sharesOf([], 7))).toEqual([-1, -1, -1, -1]);
});

test("a pool that has no other beside it gets everybody", () => {
  expect(take(3, sharesOf([9]))).toEqual([0, 0, 0]);
});

test("whatever the weights are, every cycle gives each exactly its share", () => {
  const random = new Random(7);
  for (let round = 0; round < 50; round++) {
    const weights = Array.from({ length: 1 + random.below(6) }, () => 1 + random.below(50));
    const nobody = random.below(20);
    const shares = sharesOf(weights, nobody);
    const total = weights.reduce((sum, weight) => sum + weight, nobody);
    for (let cycle = 0; cycle < 3; cycle++) {
      const chosen = take(total, shares);
      expect(weights.map((_weight, index) => chosen.filter((each) => each === index).length)).toEqual(weights);
      expect(chosen.filter((each) => each === -1)).toHaveLength(nobody);
    }
  }
});

test("the greatest weights that can be written are shared out like any others", () => {
  const shares = sharesOf([1_000_000, 1_000_000], 1_000_000);
  expect(take(6, shares).toSorted((a, b) => a - b)).toEqual([-1, -1, 0, 0, 1, 1]);
});
