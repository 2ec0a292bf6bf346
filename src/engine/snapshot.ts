// What the engine tells about itself: plain data, safe to send to another thread and to show in the admin API as it is.
// Times are ISO 8601 strings, durations are milliseconds, sizes are bytes.

import type { CloseReason } from "../socket/close-reason.ts";
import type { RouteTimeouts } from "../resource/route.ts";

export interface ListenerSnapshot {
  readonly name: string;
  /** The bound port, which differs from the plan's when that is 0. */
  readonly port: number;
  /** `failed`: the address could not be bound and is retried. */
  readonly state: "listening" | "failed";
  /** Why it failed, for people. */
  readonly error?: string;
  readonly routes: readonly string[];
}

export interface RouteSnapshot {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly listeners: readonly string[];
  readonly backends: readonly string[];
  /** Entries in the source lists; 0 means there is none. */
  readonly allow: number;
  readonly deny: number;
  readonly timeouts: RouteTimeouts;
  readonly connectionLimit: number;
  readonly connectionsActive: number;
  /** Ended connections by reason, and how many there were. */
  readonly connectionsTotal: Readonly<Partial<Record<CloseReason, number>>>;
  /** From clients to backends. */
  readonly bytesIn: number;
  /** From backends to clients. */
  readonly bytesOut: number;
  readonly connectSeconds: HistogramSnapshot;
  readonly connectionSeconds: HistogramSnapshot;
}

/** Cumulative counts per upper bound, as Prometheus wants them. */
export interface HistogramSnapshot {
  readonly bounds: readonly number[];
  /** One more than `bounds`: the last counts everything. */
  readonly counts: readonly number[];
  readonly sum: number;
}

export interface BackendSnapshot {
  readonly route: string;
  /** As written. */
  readonly backend: string;
  /** What it resolves to now; itself for an IP or unix socket. */
  readonly addresses: readonly string[];
  readonly weight: number;
  /** `down`: its name does not resolve, or the last dial failed. */
  readonly state: "up" | "down";
  readonly lastError?: string;
  readonly connectionsActive: number;
  readonly connectionsTotal: number;
  readonly dialFailures: number;
}

export interface ConnectionSnapshot {
  readonly id: string;
  readonly route: string;
  readonly listener: string;
  /** `address:port` of the client. */
  readonly client: string;
  /** As written in the route; absent while no backend is connected. */
  readonly backend?: string;
  readonly openedAt: string;
  readonly durationMs: number;
  readonly idleMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Which connections; every given field must match. */
export interface ConnectionFilter {
  readonly route?: string;
  /** A CIDR or an address. */
  readonly source?: string;
  readonly backend?: string;
}

export interface EngineSnapshot {
  readonly listeners: readonly ListenerSnapshot[];
  readonly routes: readonly RouteSnapshot[];
  readonly backends: readonly BackendSnapshot[];
  readonly connectionsActive: number;
  readonly connectionsTotal: number;
  /** Refused with `no-route`, and so counted for no route. */
  readonly connectionsUnrouted: number;
  readonly connectionLimit: number;
  readonly draining: boolean;
}
