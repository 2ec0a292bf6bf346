// Where a client goes whose pool has left the plan while it waited or dialled: another pool of its route, if the route is still
// its own.

import type { CloseReason } from "../../socket/close-reason.ts";
import { type Refusal, ROUTE_CHANGED } from "../limit/refusal.ts";
import type { Pool } from "../pool/pool.ts";
import type { DialWish } from "./dial-wish.ts";

/** Another pool, or why there is none; `last`: what its last dial met. */
export function nextPool({ route, plan }: DialWish, clientHost: string, last: CloseReason): Pool | Refusal {
  if (route.plan !== plan && !route.takesAs(plan, clientHost)) return ROUTE_CHANGED;
  const pool = route.choosePool();
  if (pool === null) return route.refusal;
  // The route has left the plan, too.
  return pool.closed ? { reason: last } : pool;
}
