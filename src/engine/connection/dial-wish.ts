// What a client wants of a backend, beyond that it is one of its route's.

import type { Target } from "../pool/target.ts";
import type { Route } from "../route.ts";
import type { Introducer } from "./introduction-of.ts";

export interface DialWish {
  readonly route: Route;
  /** Added to the first port of a backend with a range. */
  readonly portOffset: number;
  /** What targets hear first; `null`: nothing of ours. */
  readonly introducer: Introducer | null;
  /** The only target that will do; `null`: any. */
  readonly pinned: Target | null;
}
