// The plan: everything the data path needs, compiled from all resources into plain, structured-cloneable data. No
// functions, no class instances: the engine that runs it may live in another thread.

import type { CidrMap } from "../base/cidr-map.ts";
import type { HostnameMap } from "../base/hostname-map.ts";
import type { Identity, Trust } from "../resource/credentials.ts";
import type { HealthSpec, PassiveSpec } from "../resource/health.ts";
import type { RouteLimits } from "../resource/limits.ts";
import type { ProxySend } from "../resource/proxy.ts";
import type { Balance, DialSpec, EndpointName, Protocol, RefusedShare, RouteTimeouts } from "../resource/route.ts";
import type { CertificateRule } from "../resource/tls.ts";
import type { SubjectAltNames } from "../wire/x509-server.ts";
import type { PolicyPlan } from "./policy-plan.ts";

/** One address and port to bind. */
export interface ListenerPlan {
  /** `*:5432`, `127.0.0.1:5432`, `[::1]:5432`: the listener's identity across reloads. */
  readonly name: string;
  /** IP without brackets; absent means all addresses, IPv4 and IPv6. */
  readonly host?: string;
  readonly port: number;
  /** Routes that share this listener, in the order they were written. */
  readonly entries: readonly ListenerEntry[];
  /** Of clients that do not speak TLS: client address → index into `entries`; absent when no entry matches on the source. */
  readonly bySource?: CidrMap;
  /** Index of the entry for everyone else who does not speak TLS, or -1. */
  readonly fallback: number;
  /** What a client has to say before its route is known; absent: its address is enough, and its bytes are not looked at. */
  readonly hello?: HelloPlan;
}

/** What is read of a client before its route is known, in this order. */
export interface HelloPlan {
  /** For all of it, a handshake included: the longest that one of the routes allows; 0: no limit. */
  readonly timeoutMs: number;
  /** From these addresses a PROXY header is wanted, and from no other is one looked for. */
  readonly proxy?: ProxyAcceptPlan;
  /** `postgres`: a client asks for TLS before it begins with it. */
  readonly protocol: Protocol;
  /** Who gets clients that speak TLS; absent: no route does, and nobody waits for a first TLS message. */
  readonly tls?: TlsMatch;
}

/** Whose connections begin with a PROXY header. */
export interface ProxyAcceptPlan {
  readonly from: CidrMap;
  readonly versions: "v1" | "v2" | "any";
}

/**
 * Which routes a TLS client may get, step by step: its name, then what it offers by ALPN, then its address, then its
 * certificate. Each step takes the most specific match and there is no way back: who is refused by a narrow route never
 * gets a wider one.
 */
export interface TlsMatch {
  /** Name → index into `protocols`; none is the catch-all. */
  readonly names: HostnameMap;
  readonly protocols: readonly AlpnMatch[];
  readonly sources: readonly SourceMatch[];
  /** What is left to be chosen by certificate: indices into the listener's `entries`, in the order they are tried. */
  readonly cells: readonly (readonly number[])[];
}

/** Choice by what a client offers. */
export interface AlpnMatch {
  /** Protocol → index into `sources`; the first one that the client offers and that is here counts. */
  readonly byProtocol: ReadonlyMap<string, number>;
  /** Of everyone else, or -1. */
  readonly fallback: number;
}

/** Choice by address. */
export interface SourceMatch {
  /** Client address → index into `cells`. */
  readonly bySource?: CidrMap;
  /** Of everyone else, or -1. */
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
  /** Who gets its clients, each by its share; with neither pools, `refused` nor `members` it is only a claim, see `closed.ts`. */
  readonly pools: readonly PoolSharePlan[];
  /** The share of its clients that nobody gets; absent: none. */
  readonly refused?: RefusedShare;
  readonly allow?: CidrMap;
  readonly deny?: CidrMap;
  /** Whom the route matches, for people and for comparing plans; listeners have it in `bySource`. */
  readonly sources?: CidrMap;
  /** The same for TLS: names and protocols, as written. */
  readonly hostnames?: readonly string[];
  readonly alpn?: readonly string[];
  /** A client's certificate has to fit one of these for the route to be its own; absent: any client's is. */
  readonly clientCert?: readonly CertificateRule[];
  readonly protocol: Protocol;
  /** Absent: clients do not speak TLS, or are not known to. */
  readonly tls?: RouteTlsPlan;
  /** For people and for comparing plans; listeners have it in `hello`. */
  readonly proxyAccept?: ProxyAcceptPlan;
  readonly timeouts: RouteTimeouts;
  readonly limits: RouteLimits;
  /** Decides about each admitted client; absent: pools or members get them. */
  readonly policy?: PolicyPlan;
  /** What policies know it by; absent: its name and its listener. */
  readonly endpoint?: EndpointName;
  /** In place of pools: names of routes, of which each client gets one at random. */
  readonly members?: readonly string[];
}

/** Routes that policies forward clients to, of one scheme and port. */
export interface InternalPlan {
  readonly scheme: EndpointName["scheme"];
  readonly port: number;
  /** Host → index into `endpoints`. */
  readonly hosts: HostnameMap;
  /** Names of the routes that share a URL. */
  readonly endpoints: readonly (readonly string[])[];
}

/** A pool of a route, by its name in the plan, and its share of the clients; above 0. */
export interface PoolSharePlan {
  readonly pool: string;
  readonly weight: number;
}

/** What becomes of a client's TLS. */
export type RouteTlsPlan = { readonly mode: "passthrough" } | TerminatePlan;

/** TLS ends here. Routes that are told apart only by certificate have the same, but for `allow`. */
export interface TerminatePlan {
  readonly mode: "terminate";
  readonly identity: Identity;
  readonly minVersion: "1.2" | "1.3";
  /** The most wanted first; empty: none is agreed to. */
  readonly alpn: readonly string[];
  readonly clientAuth?: ClientAuthPlan;
}

/** What is asked of clients; `allow` as in `ClientAuthSpec`. */
export interface ClientAuthPlan {
  readonly trust: Trust;
  readonly mode: "require" | "request";
  readonly allow: readonly CertificateRule[];
}

/** How targets are spoken to in TLS. */
export interface UpstreamTlsPlan {
  /** Absent: the system's. */
  readonly trust?: Trust;
  /** Absent: the target's host as written. */
  readonly serverName?: string;
  /** As in `UpstreamTlsSpec`. */
  readonly subjectAltNames?: SubjectAltNames;
  readonly identity?: Identity;
  readonly insecure: boolean;
  /** As in `UpstreamTlsSpec`. */
  readonly unlessTls?: true;
}

/** Weighted targets, how they are chosen and what keeps them in use. */
export interface PoolPlan {
  /** The route's, or `ROUTE|SHARE`. */
  readonly name: string;
  /** Whose clients it gets. */
  readonly route: string;
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
  /** PROXY header that targets get first; absent: none. */
  readonly proxySend?: ProxySend;
  /** Absent: targets are spoken to in the clear, or in whatever the client speaks. */
  readonly upstreamTls?: UpstreamTlsPlan;
}

/** One entry of a pool as written; a name stands for everything it resolves to. */
export type TargetPlan = (
  | {
      readonly host: string;
      /** Names that are asked for in turn while the one before does not exist. */
      readonly orElse?: readonly string[];
      readonly port: number;
      /** Takes the listener's `portOffset`. */
      readonly ranged: boolean;
    }
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
  /** Where policies may forward to; absent: nowhere. */
  readonly internals?: readonly InternalPlan[];
}
