// Weighted least connections: the candidate with the fewest live connections for its share. Those that have equally few
// take turns by smooth round robin; otherwise an idle pool would send everybody to the first.

import type { Candidate } from "./candidate.ts";

/** Picks the least busy candidate. Credits of busier ones are left alone. */
export function pickLeastConnections<T extends Candidate>(candidates: readonly T[]): T | undefined {
  let least = Infinity;
  for (const { connectionsActive, share } of candidates) {
    const load = connectionsActive / share;
    if (load < least) least = load;
  }
  let best: T | undefined;
  let earned = 0;
  for (const candidate of candidates) {
    // The same division as above, so equal loads compare equal.
    if (candidate.connectionsActive / candidate.share !== least) continue;
    candidate.credit += candidate.share;
    earned += candidate.share;
    if (best === undefined || candidate.credit > best.credit) best = candidate;
  }
  if (best !== undefined) best.credit -= earned;
  return best;
}
