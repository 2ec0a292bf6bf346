// Who wants a backend, and what of it, beyond that it is one of the pool's.

import type { RoutePlan } from "../../plan/plan.ts";
import type { Socket } from "../../socket/socket.ts";
import type { Refusal } from "../limit/refusal.ts";
import type { Course } from "../course.ts";
import type { Pool } from "../pool/pool.ts";
import type { Target } from "../pool/target.ts";
import type { Route } from "../route.ts";
import type { Introduction } from "./introduction.ts";

export interface DialWish {
  readonly route: Route;
  /** Of the route, chosen for this client. */
  readonly pool: Pool;
  /** Added to the first port of a backend with a range. */
  readonly portOffset: number;
  /** By which the client was let in. */
  readonly plan: RoutePlan;
  /** The only target that will do; `null`: any. */
  readonly pinned: Target | null;
  /** Where it goes when the pool has nobody for it; `null`: nowhere. */
  readonly course: Course | null;
}

/** Who wants a backend. */
export interface DiallerOwner {
  /** The client's address alone. */
  readonly clientHost: string;
  /** What a target hears first; `null`: nothing of ours; `undefined`: it must not be dialled. */
  introduce(target: Target, pool: Pool): Introduction | null | undefined;
  /** A target accepted; it is entered. */
  dialled(target: Target, pool: Pool, socket: Socket): void;
  gaveUp(refusal: Refusal): void;
  /** `dueMs` may be nearer than it was. */
  deadlineChanged(): void;
}
