// TCPRoute and TLSRoute (Gateway API v1), and what other kinds of routes say of their parents: the words of their schemas,
// with defaults filled in.

import type { Manifest, ObjectReference } from "./manifest.ts";

export type TcpRoute = Manifest<"TCPRoute", TcpRouteSpec>;
export type TlsRoute = Manifest<"TLSRoute", TlsRouteSpec>;
/** Routes that are not carried, but told so where they attach. */
export type ForeignRoute = Manifest<"UDPRoute" | "HTTPRoute" | "GRPCRoute", ForeignRouteSpec>;

export interface ForeignRouteSpec {
  readonly parentRefs?: readonly ParentReference[];
}

export interface TcpRouteSpec {
  readonly parentRefs?: readonly ParentReference[];
  /** Exactly one. */
  readonly rules: readonly L4Rule[];
}

export interface TlsRouteSpec extends TcpRouteSpec {
  /** Never empty; `EVERY_HOSTNAME` alone for a route of an older version that names none. */
  readonly hostnames: readonly string[];
}

/** In the place of host names: every one that the listener takes. */
export const EVERY_HOSTNAME = "*";

export interface ParentReference extends ObjectReference {
  readonly sectionName?: string;
  readonly port?: number;
}

export interface L4Rule {
  readonly name?: string;
  /** Never empty, unless the document had mistakes: then nothing else of it counts, and its clients are refused. */
  readonly backendRefs: readonly BackendReference[];
}

export interface BackendReference extends ObjectReference {
  readonly port?: number;
  /** 0 to 1,000,000. */
  readonly weight: number;
}
