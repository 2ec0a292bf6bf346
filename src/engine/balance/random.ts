// Weighted power of two choices: two different candidates are drawn by share, and the one with fewer live connections
// for its share is picked. Nearly as even as least connections, without everybody running to the same target at once
// when several gateways pick on their own.

import type { Balancer, Candidate } from "./candidate.ts";

/** A balancer that draws with `random`, which gives numbers from 0 to below 1. */
export function randomBalancer(random: () => number): Balancer {
  return (candidates) => {
    let total = 0;
    for (const { share } of candidates) total += share;
    const first = draw(candidates, random() * total, undefined);
    if (first === undefined || candidates.length === 1) return first;
    const second = draw(candidates, random() * (total - first.share), first);
    if (second === undefined) return first;
    return second.connectionsActive / second.share < first.connectionsActive / first.share ? second : first;
  };
}

/** The candidate at `point` on the line of all shares laid end to end, `without` left out. */
function draw<T extends Candidate>(candidates: readonly T[], point: number, without: T | undefined): T | undefined {
  let left = point;
  let last: T | undefined;
  for (const candidate of candidates) {
    if (candidate === without) continue;
    last = candidate;
    left -= candidate.share;
    if (left < 0) return candidate;
  }
  // Rounding may leave a rest at the very end of the line.
  return last;
}
