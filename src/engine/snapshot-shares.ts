// How a route's clients are shared out, as people may see it; of a route with one pool that gets all of them, nothing.

import type { RoutePlan } from "../plan/plan.ts";
import type { Pool } from "./pool/pool.ts";
import type { RouteSnapshot } from "./snapshot.ts";

/** The part of a route's snapshot that is about shares. `pools` are those of the plan, in its order. */
export function snapshotShares(
  { pools: shares, refused, policy }: RoutePlan,
  pools: readonly Pool[],
): Pick<RouteSnapshot, "pools" | "refused"> {
  // Where a policy leads everybody away, only those are refused whom it forgets.
  const isOnlyRest = pools.length === 0 && policy !== undefined;
  if (pools.length <= 1 && (refused === undefined || isOnlyRest)) return {};
  return {
    pools: pools.map((pool, index) => ({
      name: shareName(pool),
      weight: shares[index]?.weight ?? 0,
      backends: pool.backends.map(({ plan }) => plan.address),
    })),
    ...(refused === undefined ? {} : { refused: { weight: refused.weight, detail: refused.detail } }),
  };
}

/** What a pool is called within its route. */
export function shareName({ plan: { name, route } }: Pool): string {
  return name === route ? "" : name.slice(route.length + 1);
}
