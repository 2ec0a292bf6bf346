// Weighted rendezvous hashing: every candidate has a score for every source, and the highest wins. A source moves only
// when its candidate goes, or when one appears (or grows) that scores higher: no table, nothing to remember, and gateways
// that know the same candidates agree, in whatever order they know them.

import { hashPair } from "../../base/hash.ts";
import type { Candidate } from "./candidate.ts";

/** Hashes are 32 bits; half a step keeps their fraction off 0 and 1, which have no use as a logarithm. */
const STEPS = 2 ** 32;

/** Picks the candidate for a source: always the same one while the candidates and their shares stay. */
export function pickSourceHash<T extends Candidate>(candidates: readonly T[], sourceHash: number): T | undefined {
  let best: T | undefined;
  let bestHash = 0;
  let bestScore = 0;
  for (const candidate of candidates) {
    const hash = hashPair(sourceHash, candidate.hash);
    if (best !== undefined && candidate.share === best.share) {
      // Among equals the score rises with the hash, and a logarithm each is what a big pool would pay for.
      if (hash <= bestHash) continue;
      bestScore = 0;
    } else if (best !== undefined) {
      if (bestScore === 0) bestScore = score(best.share, bestHash);
      const own = score(candidate.share, hash);
      if (own <= bestScore) continue;
      bestScore = own;
    }
    best = candidate;
    bestHash = hash;
  }
  return best;
}

/** Above 0. The chance to be the highest is the share of all shares. */
function score(share: number, hash: number): number {
  return -share / Math.log((hash + 0.5) / STEPS);
}
