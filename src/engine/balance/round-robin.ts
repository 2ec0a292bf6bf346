// Smooth weighted round robin: over any run of picks each candidate gets its share, and the picks of a heavy candidate
// are spread out instead of coming in a burst. Pure but for the running credit that it keeps on each candidate.

import type { Candidate } from "./candidate.ts";

/**
 * Picks the next candidate. Every one earns its share, the richest is picked and pays what all earned; the credits of
 * those that take part always sum to what they began with.
 */
export function pickRoundRobin<T extends Candidate>(candidates: readonly T[]): T | undefined {
  let best: T | undefined;
  let earned = 0;
  for (const candidate of candidates) {
    candidate.credit += candidate.share;
    earned += candidate.share;
    if (best === undefined || candidate.credit > best.credit) best = candidate;
  }
  if (best !== undefined) best.credit -= earned;
  return best;
}
