// What a route says of one pool: its backends, how one of them is chosen, how they are dialled, checked and spoken to. Whose
// clients come to it, and which share of them, is the route's business.

import type { BackendSpec } from "./backend-rule.ts";
import { dialOf, type DialSpec } from "./dial-rule.ts";
import type { HealthSpec, PassiveSpec } from "./health.ts";
import { healthOf } from "./health-rule.ts";
import type { ProxySend } from "./proxy.ts";
import type { WrittenRoute } from "./route-schema.ts";
import type { UpstreamTlsSpec } from "./tls.ts";
import { upstreamTlsOf } from "./upstream-tls-rule.ts";

/** How a target is chosen among the usable ones. */
export type Balance = "round-robin" | "least-connections" | "random" | "source-hash";

/** Backends that are chosen from, with everything that is done in the same way for all of them. */
export interface PoolSpec {
  readonly backends: readonly BackendSpec[];
  readonly balance: Balance;
  /** Active checks; absent: none. */
  readonly health?: HealthSpec;
  /** Ejection by what clients' connections meet; absent: none. */
  readonly passive?: PassiveSpec;
  readonly onDown: "keep" | "kill";
  readonly slowStartMs: number;
  readonly dial: DialSpec;
  readonly resolveIntervalMs: number;
  /** PROXY header that backends get first; absent: none. */
  readonly proxySend?: ProxySend;
  /** Absent: backends are spoken to in the clear, or in whatever the client speaks. */
  readonly upstreamTls?: UpstreamTlsSpec;
}

/** A pool of a route, and how much it gets. */
export interface PoolShare {
  /** Unique within its route; empty for the pool of a Route document, which is called like the route. */
  readonly name: string;
  /** Share of the route's clients, among the others; above 0. */
  readonly weight: number;
  readonly spec: PoolSpec;
}

/** The share of a route's clients that are refused, with a reset, after they were admitted. */
export interface RefusedShare {
  readonly weight: number;
  readonly reason: "no-backend" | "no-route";
  /** For the log: why. */
  readonly detail: string;
}

/** A change of a name is noticed soon, and its server asked seldom. */
export const DEFAULT_RESOLVE_MS = 15_000;

/** The pool of a Route document: the only one of its route. */
export function poolOf(written: WrittenRoute): PoolShare {
  const { backends, balance = "round-robin", health, dial, resolve, proxyProtocol, upstreamTls } = written;
  const spec: PoolSpec = {
    backends,
    balance,
    ...healthOf(health),
    dial: dialOf(dial),
    resolveIntervalMs: resolve?.interval ?? DEFAULT_RESOLVE_MS,
    ...(proxyProtocol?.send === undefined ? {} : { proxySend: proxyProtocol.send }),
    ...(upstreamTls === undefined ? {} : { upstreamTls: upstreamTlsOf(upstreamTls) }),
  };
  return { name: "", weight: 1, spec };
}
