// The Route dialect (design 5): what a person may write for one route, judged and with every default filled in.

import type { Cidr } from "../base/ip.ts";
import type { Origin } from "./origin.ts";

/** An address or a range of ports to listen on. `host` is an IP without brackets; absent means the default addresses. */
export interface ListenSpec {
  readonly host?: string;
  readonly firstPort: number;
  /** Equal to `firstPort` for a single port. */
  readonly lastPort: number;
}

/** One backend: a name or IP with a port or a range of ports, or a unix socket. */
export type BackendSpec = (
  { readonly host: string; readonly firstPort: number; readonly lastPort: number } | { readonly unix: string }
) & {
  /** As written, for people. */
  readonly address: string;
  /** Share of new connections, 0–1,000,000; 0 takes none. */
  readonly weight: number;
};

/** Milliseconds; 0 means no limit. */
export interface RouteTimeouts {
  /** For finding a backend that accepts, all attempts together. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** Without a byte, once one side has sent FIN. */
  readonly halfCloseMs: number;
  /** Since the connection was accepted. */
  readonly lifetimeMs: number;
}

export interface RouteLimits {
  /** Live connections of this route; 0 means no limit of its own. */
  readonly connections: number;
}

/** One validated Route document. */
export interface RouteResource {
  readonly kind: "Route";
  /** `name:`, or the file's name without its extension. Unique among all routes. */
  readonly name: string;
  readonly origin: Origin;
  readonly listen: readonly ListenSpec[];
  readonly backends: readonly BackendSpec[];
  /** Who may connect; empty means everyone. */
  readonly allow: readonly Cidr[];
  /** Who may not; wins over `allow`. */
  readonly deny: readonly Cidr[];
  /** `match.sources`: only clients from here belong to this route; empty means all. The most specific route wins. */
  readonly sources: readonly Cidr[];
  readonly timeouts: RouteTimeouts;
  readonly limits: RouteLimits;
}
