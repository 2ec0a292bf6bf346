// Smooth weighted round robin: over any run of picks each candidate gets its share, and the picks of a heavy candidate
// are spread out instead of coming in a burst. Pure but for the running credit that it keeps on each candidate.

export interface Weighted {
  /** Share of the picks; 0 is never picked. */
  readonly weight: number;
  /** Credit between picks; starts at 0 and is only touched here. */
  credit: number;
}

/**
 * Picks the next candidate for which `usable` holds, or `undefined` when none does. Every candidate earns its weight,
 * the richest is picked and pays what all earned; the credits of the usable ones always sum to what they began with.
 */
export function pickRoundRobin<T extends Weighted>(
  candidates: readonly T[],
  usable: (candidate: T) => boolean,
): T | undefined {
  let best: T | undefined;
  let earned = 0;
  for (const candidate of candidates) {
    if (candidate.weight === 0 || !usable(candidate)) continue;
    candidate.credit += candidate.weight;
    earned += candidate.weight;
    if (best === undefined || candidate.credit > best.credit) best = candidate;
  }
  if (best !== undefined) best.credit -= earned;
  return best;
}
