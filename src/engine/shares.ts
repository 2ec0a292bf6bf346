// Which of a route's pools a client gets: by weight, in smooth weighted round robin (as nginx does it), so that shares are
// exact over a cycle and mixed within it. A share may be nobody's: its clients are refused. Knows nothing of targets.

import type { RoutePlan } from "../plan/plan.ts";
import type { Pool } from "./pool/pool.ts";

/** One claim to the clients of a route. */
interface Share {
  readonly weight: number;
  /** `null`: whoever gets it is refused. */
  readonly pool: Pool | null;
  credit: number;
}

export class Shares {
  /** In the order of the plan. */
  readonly pools: readonly Pool[];
  /** The only one that there is to choose: most routes have no other. */
  readonly #only: Pool | null;
  readonly #shares: readonly Share[];
  readonly #total: number;

  /** `pools` are those of the plan, in its order. */
  constructor({ pools: shares, refused }: Pick<RoutePlan, "pools" | "refused">, pools: readonly Pool[]) {
    this.pools = pools;
    const taken = pools.map((pool, index): Share => ({ weight: shares[index]?.weight ?? 1, pool, credit: 0 }));
    this.#shares = refused === undefined ? taken : [...taken, { weight: refused.weight, pool: null, credit: 0 }];
    this.#only = this.#shares.length === 1 ? (pools[0] ?? null) : null;
    this.#total = this.#shares.reduce((sum, { weight }) => sum + weight, 0);
  }

  /** The pool of the next client; `null`: it is refused. */
  choose(): Pool | null {
    if (this.#only !== null) return this.#only;
    let best: Share | null = null;
    for (const share of this.#shares) {
      share.credit += share.weight;
      if (best === null || share.credit > best.credit) best = share;
    }
    if (best === null) return null;
    best.credit -= this.#total;
    return best.pool;
  }
}
