// What the engine tells about itself: plain data, safe to send to another thread and to show in the admin API as it is.
// Times are ISO 8601 strings, durations are milliseconds, sizes are bytes.

import type { CloseReason } from "../socket/close-reason.ts";
import type { LimitName } from "./limit/refusal.ts";
import type { Verdict } from "./policy/policy-note.ts";
import type { RouteLimits } from "../resource/limits.ts";
import type { ProxySend } from "../resource/proxy.ts";
import type { Balance, Protocol, RouteTimeouts } from "../resource/route.ts";

export interface ListenerSnapshot {
  readonly name: string;
  /** The bound port, which differs from the plan's when that is 0. */
  readonly port: number;
  /** `failed`: the address could not be bound and is retried. */
  readonly state: "listening" | "failed";
  /** Why it failed, for people. */
  readonly error?: string;
  /** The same for programs: the name of an error of the system, such as `EADDRINUSE`. */
  readonly errorCode?: string;
  readonly routes: readonly string[];
  /** Entries in the list of sources whose connections begin with a PROXY header; absent: none is looked for. */
  readonly proxyFrom?: number;
}

export interface RouteSnapshot {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly listeners: readonly string[];
  /** Of all its pools. */
  readonly backends: readonly string[];
  /** Where its clients are shared out among several pools or with nobody; absent: one pool gets all of them. */
  readonly pools?: readonly PoolSnapshot[];
  /** The share of its clients that is refused; absent: none. */
  readonly refused?: { readonly weight: number; /** Why. */ readonly detail: string };
  /** Entries in the source lists; 0 means there is none. */
  readonly allow: number;
  readonly deny: number;
  readonly protocol: Protocol;
  /** Absent: the route's clients do not speak TLS, as far as the gateway knows. */
  readonly tls?: RouteTlsSnapshot;
  /** `match.alpn`; absent: clients are not told apart by it. */
  readonly alpn?: readonly string[];
  /** Number of rules in `match.clientCert`; absent: clients are not told apart by it. */
  readonly clientCert?: number;
  /** Absent: backends are spoken to in the clear, or in whatever the client speaks. */
  readonly upstreamTls?: UpstreamTlsSnapshot;
  /** Version of the PROXY header that backends get; absent: none. */
  readonly proxySend?: ProxySend;
  readonly timeouts: RouteTimeouts;
  /** This, `upstreamTls` and `proxySend` are those of the first of several pools. */
  readonly balance: Balance;
  /** Live connections at most; 0 means no limit of its own. */
  readonly connectionLimit: number;
  readonly limits: RouteLimits;
  readonly connectionsActive: number;
  /** Of these, waiting for a backend that has as many connections as it may. */
  readonly connectionsQueued: number;
  /** Dials after the first one of a connection, since start. */
  readonly retries: number;
  /** Ended connections by reason, and how many there were. */
  readonly connectionsTotal: Readonly<Partial<Record<CloseReason, number>>>;
  /** Of these, refused by a limit: how many by each. */
  readonly limited: Readonly<Partial<Record<LimitName, number>>>;
  /** What its policy has come to, by rule; absent: it has none. */
  readonly policy?: readonly PolicyVerdictSnapshot[];
  /** From clients to backends. */
  readonly bytesIn: number;
  /** From backends to clients. */
  readonly bytesOut: number;
  readonly connectSeconds: HistogramSnapshot;
  readonly connectionSeconds: HistogramSnapshot;
}

/** How many clients a rule of a policy has come to the same verdict about. */
export interface PolicyVerdictSnapshot {
  readonly rule: string;
  readonly verdict: Verdict;
  readonly count: number;
}

/** One of several pools of a route, and its share of the clients. */
export interface PoolSnapshot {
  /** Within the route. */
  readonly name: string;
  readonly weight: number;
  readonly backends: readonly string[];
}

/** What becomes of a route's TLS. Never what is in a key or a certificate, but for its dates. */
export interface RouteTlsSnapshot {
  readonly mode: "passthrough" | "terminate";
  /** Names that the route takes; empty: all, and clients that give none. */
  readonly hostnames: readonly string[];
  /** The following are there where TLS ends at the gateway. */
  readonly minVersion?: "1.2" | "1.3";
  /** Protocols that are agreed to, the most wanted first. */
  readonly alpn?: readonly string[];
  /** Absent: clients are not asked for a certificate. */
  readonly clientAuth?: "require" | "request";
  readonly certificate?: CertificateSnapshot;
}

/** How backends are spoken to in TLS. */
export interface UpstreamTlsSnapshot {
  /** Nothing of their certificates is verified. */
  readonly insecure: boolean;
  /** Absent: the host of each backend as written. */
  readonly serverName?: string;
  /** What the gateway shows of itself; absent: nothing. */
  readonly certificate?: CertificateSnapshot;
}

/** When a certificate that the gateway shows is valid. */
export interface CertificateSnapshot {
  readonly notBefore: string;
  readonly notAfter: string;
}

/** Cumulative counts per upper bound, as Prometheus wants them. */
export interface HistogramSnapshot {
  readonly bounds: readonly number[];
  /** One more than `bounds`: the last counts everything. */
  readonly counts: readonly number[];
  readonly sum: number;
}

/** One backend of one route, as written. */
export interface BackendSnapshot {
  readonly route: string;
  /** Which of several pools of the route it is in; absent: there is one. */
  readonly pool?: string;
  /** As written. */
  readonly backend: string;
  /** What it resolves to now; itself for an IP or unix socket. */
  readonly addresses: readonly string[];
  /** As written, or as set by hand. */
  readonly weight: number;
  readonly backup: boolean;
  /** Live connections of each address; 0 means no limit. */
  readonly maxConnections: number;
  /**
   * `up`: some address of it takes connections. `failing`: some is used, but its last dial failed. `drained`: none may, by
   * weight 0 or by hand. `down`: none can.
   */
  readonly state: "up" | "failing" | "down" | "drained";
  /** Why it is not `up`, for people. */
  readonly reason?: string;
  /** What was set by hand; absent when nothing was. */
  readonly override?: OverrideSettings;
  /** Why the last dial or look-up failed. */
  readonly lastError?: string;
  readonly targets: readonly TargetSnapshot[];
  readonly connectionsActive: number;
  readonly connectionsTotal: number;
  readonly dialFailures: number;
  readonly ejections: number;
}

/** One address of a backend. */
export interface TargetSnapshot {
  /** `10.0.0.5:5432`, `[::1]:5432`, or the path of a unix socket. */
  readonly address: string;
  /** `failing`: it is used, but its last dial failed. `full`: it has as many connections as it may. */
  readonly state: "up" | "failing" | "down" | "ejected" | "drained" | "full";
  /** Why it is not `up`, for people. */
  readonly reason?: string;
  /** Its share now: less than its weight while it starts slowly. */
  readonly weight: number;
  readonly connectionsActive: number;
  readonly connectionsTotal: number;
  readonly dialFailures: number;
  /** How often it was ejected. */
  readonly ejections: number;
  readonly ejectedUntil?: string;
  /** Absent without active checks. */
  readonly check?: CheckSnapshot;
}

/** What active checks found. */
export interface CheckSnapshot {
  /** `unknown`: not checked yet; such a target is used. */
  readonly status: "unknown" | "up" | "down";
  /** When the last check ended. */
  readonly lastAt?: string;
  /** Since when it has this status. */
  readonly since?: string;
  readonly checks: number;
  readonly failures: number;
  /** Why the last check failed; absent after a good one. */
  readonly error?: string;
}

/** What a person set by hand; what is absent is as written and as measured. */
export interface OverrideSettings {
  readonly weight?: number;
  /** `up`: used whatever checks and ejections say. `drain`: no new connections. `down`: none, and treated as gone down. */
  readonly state?: "up" | "drain" | "down";
}

/** An override of one backend of one route. Without settings it is the removal of one. */
export interface BackendOverride extends OverrideSettings {
  readonly route: string;
  /** As written. */
  readonly backend: string;
}

export interface ConnectionSnapshot {
  readonly id: string;
  readonly route: string;
  readonly listener: string;
  /** `address:port` of the client. */
  readonly client: string;
  /** As written in the route; absent while no backend is connected. */
  readonly backend?: string;
  /** What the client said of itself, as in the access log. */
  readonly sni?: string;
  readonly proxySource?: string;
  readonly tls?: string;
  readonly clientCert?: string;
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
  /** TLS name that the client asked for. */
  readonly sni?: string;
}

export interface EngineSnapshot {
  readonly listeners: readonly ListenerSnapshot[];
  readonly routes: readonly RouteSnapshot[];
  readonly backends: readonly BackendSnapshot[];
  readonly connectionsActive: number;
  readonly connectionsTotal: number;
  /** Accepted, but with something to say before their route is known; counted for no route yet. */
  readonly connectionsGreeting: number;
  /** Ended before they belonged to a route, by reason, and so counted for none. */
  readonly connectionsUnrouted: Readonly<Partial<Record<CloseReason, number>>>;
  readonly connectionLimit: number;
  readonly draining: boolean;
}
