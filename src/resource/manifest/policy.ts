// Policies, which say something about objects that they name: BackendTLSPolicy (Gateway API v1) and our own ListenerPolicy and
// BackendPolicy (design 5), which say for the other dialects what a Route can say for itself.

import type { Cidr } from "../../base/ip.ts";
import type { DialSpec } from "../dial-rule.ts";
import type { HealthSpec, PassiveSpec } from "../health.ts";
import type { RouteLimits } from "../limits.ts";
import type { ProxyAcceptSpec, ProxySend } from "../proxy.ts";
import type { Balance, Protocol, RouteTimeouts } from "../route.ts";
import type { ClientAuthSpec } from "../tls.ts";
import type { Manifest } from "./manifest.ts";

export type BackendTlsPolicy = Manifest<"BackendTLSPolicy", BackendTlsPolicySpec>;
export type ListenerPolicy = Manifest<"ListenerPolicy", ListenerPolicySpec>;
export type BackendPolicy = Manifest<"BackendPolicy", BackendPolicySpec>;
export type Policy = BackendTlsPolicy | ListenerPolicy | BackendPolicy;

/** An object of the policy's own namespace, or a part of it. */
export interface PolicyTarget {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** Of a Gateway or ListenerSet a listener, of a Service a port, by its name. */
  readonly sectionName?: string;
}

export interface BackendTlsPolicySpec {
  readonly targetRefs: readonly PolicyTarget[];
  readonly validation: {
    readonly caCertificateRefs?: readonly { readonly group: string; readonly kind: string; readonly name: string }[];
    readonly wellKnownCACertificates?: string;
    readonly hostname: string;
    readonly subjectAltNames?: readonly SubjectAltName[];
  };
  readonly options?: Readonly<Record<string, string>>;
}

export type SubjectAltName =
  { readonly type: "Hostname"; readonly hostname: string } | { readonly type: "URI"; readonly uri: string };

/** Absent parts are as in a Route without them. */
export interface ListenerPolicySpec {
  /** Gateways, ListenerSets, or listeners of them. */
  readonly targetRefs: readonly PolicyTarget[];
  readonly protocol?: Protocol;
  readonly proxyAccept?: ProxyAcceptSpec;
  /** For listeners that end TLS. */
  readonly clientAuth?: ClientAuthSpec;
  readonly allow?: readonly Cidr[];
  readonly deny?: readonly Cidr[];
  readonly timeouts?: Partial<RouteTimeouts>;
  readonly limits?: RouteLimits;
}

/** Absent parts are as in a Route without them. */
export interface BackendPolicySpec {
  /** Services, or ports of them. */
  readonly targetRefs: readonly PolicyTarget[];
  readonly balance?: Balance;
  readonly health?: HealthSpec;
  /** `off` is said; absent: as usual. */
  readonly passive?: PassiveSpec | "off";
  readonly onDown?: "keep" | "kill";
  readonly slowStartMs?: number;
  readonly dial?: DialSpec;
  readonly resolveIntervalMs?: number;
  readonly proxySend?: ProxySend;
  /** Live connections of each endpoint; 0 means no limit. */
  readonly maxConnections?: number;
}
