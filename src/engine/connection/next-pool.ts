// Where a client goes whose pool has left the plan while it waited or dialled: another pool of its route, if the route is still
// its own.

import type { CloseReason } from "../../socket/close-reason.ts";
import { type Refusal, ROUTE_CHANGED } from "../limit/refusal.ts";
import type { Pool } from "../pool/pool.ts";
import type { DialWish } from "./dial-wish.ts";

/** Whether the client would get here by the rules as they are now, whatever has changed since it was let in. */
export function isStillTaken(wish: DialWish, clientHost: string): boolean {
  return (wish.course === null || wish.course.isStill) && isStillMatched(wish, clientHost);
}

function isStillMatched({ route, plan, course }: DialWish, clientHost: string): boolean {
  if (route.plan === plan) return true;
  // Nobody has asked a policy that is new.
  return (course !== null || !route.hasCourse) && route.takesAs(plan, clientHost);
}

/** Another pool, or why there is none; `last`: what its last dial met. */
export function nextPool(wish: DialWish, clientHost: string, last: CloseReason): Pool | Refusal {
  if (!isStillMatched(wish, clientHost)) return ROUTE_CHANGED;
  const { route, course } = wish;
  if (course !== null) return course.again({ reason: last });
  const pool = route.choosePool();
  if (pool === null) return route.refusal;
  // The route has left the plan, too.
  return pool.closed ? { reason: last } : pool;
}
