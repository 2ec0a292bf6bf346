// What a route says about how much it takes: connections, rates, bytes, and how many may wait.

/** A token bucket. */
export interface RateSpec {
  /** Tokens that come back in a second. */
  readonly perSecond: number;
  /** Tokens it holds, at least 1. */
  readonly burst: number;
}

/** Limits on each source address by itself. */
export interface PerSourceSpec {
  /** Live connections; 0 means no limit. */
  readonly connections: number;
  /** New connections. */
  readonly rate?: RateSpec;
  /** How much of an IPv6 address is one source, in bits: a provider gives a customer a whole prefix. */
  readonly ipv6Prefix: number;
}

/** Bytes a second, each direction by itself; 0 means no limit. */
export interface BandwidthSpec {
  readonly connectionBytesPerSecond: number;
  /** All connections of the route together. */
  readonly routeBytesPerSecond: number;
}

/** Where clients wait while every backend has as many connections as it may. */
export interface QueueSpec {
  /** Clients that may wait; 0: nobody does. */
  readonly size: number;
  readonly timeoutMs: number;
}

export interface RouteLimits {
  /** Live connections of this route; 0 means no limit of its own. */
  readonly connections: number;
  /** New connections. */
  readonly rate?: RateSpec;
  readonly perSource?: PerSourceSpec;
  readonly bandwidth?: BandwidthSpec;
  readonly queue: QueueSpec;
}

/** Nobody who limits a backend wants its clients refused at the first burst, or waiting longer than for a dial. */
export const DEFAULT_QUEUE: QueueSpec = { size: 128, timeoutMs: 5_000 };
