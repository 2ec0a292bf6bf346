// What a balancer sees of a target, and what a balancer is. One file each beside this one implements them; who is usable,
// full or ejected is decided before they are asked.

/** A target that may be picked. */
export interface Candidate {
  /** Share of new connections now, above 0; a fraction while it starts slowly. */
  readonly share: number;
  readonly connectionsActive: number;
  /** Credit of smooth round robin; starts at 0 and is only touched by it. */
  credit: number;
  /** Of its address: the same in every process. */
  readonly hash: number;
}

/**
 * Picks one of the candidates, all of them usable; undefined only for an empty list. `sourceHash` says where the client
 * comes from. Allocates nothing.
 */
export type Balancer = <T extends Candidate>(candidates: readonly T[], sourceHash: number) => T | undefined;
