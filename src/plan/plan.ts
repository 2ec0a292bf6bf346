// The plan: everything the data path needs, compiled from all resources into plain, structured-cloneable data. No
// functions, no class instances: the engine that runs it may live in another thread.

import type { CidrMap } from "../base/cidr-map.ts";
import type { HealthSpec, PassiveSpec } from "../resource/health.ts";
import type { RouteLimits } from "../resource/limits.ts";
import type { Balance, DialSpec, RouteTimeouts } from "../resource/route.ts";

/** One address and port to bind. */
export interface ListenerPlan {
  /** `*:5432`, `127.0.0.1:5432`, `[::1]:5432`: the listener's identity across reloads. */
  readonly name: string;
  /** IP without brackets; absent means all addresses, IPv4 and IPv6. */
  readonly host?: string;
  readonly port: number;
  /** Routes that share this listener, in the order they were written. */
  readonly entries: readonly ListenerEntry[];
  /** Client address → index into `entries`; absent when no entry matches on the source. */
  readonly bySource?: CidrMap;
  /** Index of the entry for everyone else, or -1. */
  readonly fallback: number;
}

/** One route's claim on a listener. */
export interface ListenerEntry {
  readonly route: string;
  /** Added to the first port of ranged targets: this listener's distance from the start of its range. */
  readonly portOffset: number;
}

/** What happens to a connection that belongs to a route. */
export interface RoutePlan {
  readonly name: string;
  /** Where it was written. */
  readonly file: string;
  readonly line: number;
  readonly pool: string;
  readonly allow?: CidrMap;
  readonly deny?: CidrMap;
  /** Whom the route matches, for people and for comparing plans; listeners have it in `bySource`. */
  readonly sources?: CidrMap;
  readonly timeouts: RouteTimeouts;
  readonly limits: RouteLimits;
}

/** Weighted targets, how they are chosen and what keeps them in use. */
export interface PoolPlan {
  readonly name: string;
  readonly balance: Balance;
  readonly targets: readonly TargetPlan[];
  /** Active checks; absent: none. */
  readonly health?: HealthSpec;
  /** Ejection by what clients' connections meet; absent: none. */
  readonly passive?: PassiveSpec;
  /** What becomes of the live connections of a target that went down. */
  readonly onDown: "keep" | "kill";
  /** For so long after it came back a target's share grows to what its weight says; 0: at once. */
  readonly slowStartMs: number;
  readonly dial: DialSpec;
  /** How often names are looked up whose answer says nothing of its lifetime. */
  readonly resolveIntervalMs: number;
}

/** One entry of a pool as written; a name stands for everything it resolves to. */
export type TargetPlan = (
  | { readonly host: string; readonly port: number; /** Takes the listener's `portOffset`. */ readonly ranged: boolean }
  | { readonly unix: string }
  | { /** Name of SRV records, which say hosts, ports, weights and priorities (RFC 2782). */ readonly srv: string }
) & {
  /** As written; its identity within its pool, and its `backend` label in logs and metrics. */
  readonly address: string;
  readonly weight: number;
  /** Used only while no other is usable. */
  readonly backup: boolean;
  /** Live connections of each of its addresses; 0 means no limit. */
  readonly maxConnections: number;
};

export interface Plan {
  readonly listeners: readonly ListenerPlan[];
  readonly routes: readonly RoutePlan[];
  readonly pools: readonly PoolPlan[];
}
