// Candidates for balancers, and what comes out of many picks.

import { hashText } from "../../src/base/hash.ts";
import type { Balancer, Candidate } from "../../src/engine/balance/candidate.ts";

export interface NamedCandidate extends Candidate {
  readonly name: string;
  share: number;
  connectionsActive: number;
}

/** One candidate per share, named `a`, `b`, … (or by number from the 27th on), nobody connected. */
export function candidatesOf(shares: readonly number[]): NamedCandidate[] {
  return shares.map((share, at) => {
    const name = at < 26 ? String.fromCodePoint(97 + at) : String(at);
    return { name, share, connectionsActive: 0, credit: 0, hash: hashText(`10.0.0.${at}:5432`) };
  });
}

/** How often each was picked, by its place; `sourceOf` says who asks. Fails when nobody is. */
export function countPicks(
  pick: Balancer,
  candidates: readonly NamedCandidate[],
  times: number,
  sourceOf: (at: number) => number = () => 0,
): number[] {
  const counts = candidates.map(() => 0);
  for (let at = 0; at < times; at++) {
    const picked = pick(candidates, sourceOf(at));
    if (picked === undefined) throw new Error("Nobody was picked");
    const place = candidates.indexOf(picked);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}

/** The largest distance of a count from what its share promises, in standard deviations of a fair draw. */
export function worstDeviation(candidates: readonly NamedCandidate[], counts: readonly number[]): number {
  const shares = candidates.reduce((sum, { share }) => sum + share, 0);
  const picks = counts.reduce((sum, count) => sum + count, 0);
  const distances = candidates.map(({ share }, at) => {
    const chance = share / shares;
    return Math.abs((counts[at] ?? 0) - picks * chance) / Math.sqrt(picks * chance * (1 - chance) || 1);
  });
  return Math.max(...distances);
}
