// Where a client goes whose pool has left the plan while it waited or dialled: another pool of its route, if the route is still
// its own.

import type { CloseReason } from "../../socket/close-reason.ts";
import { type Refusal, ROUTE_CHANGED } from "../limit/refusal.ts";
import type { Pool } from "../pool/pool.ts";
import type { DialWish } from "./dial-wish.ts";

/** Whether the client would get here by the rules as they are now, whatever has changed since it was let in. */
export function isStillTaken({ route, plan, course }: DialWish, clientHost: string): boolean {
  if (course !== null && !course.isStill) return false;
  if (route.plan === plan) return true;
  // Nobody has asked a policy that is new.
  return (course !== null || !route.hasCourse) && route.takesAs(plan, clientHost);
}

/** Another pool, or why there is none; `last`: what its last dial met. */
export function nextPool(wish: DialWish, clientHost: string, last: CloseReason): Pool | Refusal {
  if (!isStillTaken(wish, clientHost)) return ROUTE_CHANGED;
  const { route, course } = wish;
  if (course !== null) return course.begin();
  const pool = route.choosePool();
  if (pool === null) return route.refusal;
  // The route has left the plan, too.
  return pool.closed ? { reason: last } : pool;
}
