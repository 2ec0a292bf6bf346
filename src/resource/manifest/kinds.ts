// All kinds of documents with `apiVersion` and `kind` that have a meaning here.

import type { ConfigMap, Endpoints, EndpointSlice, Namespace, Secret, Service } from "./core.ts";
import type { Gateway, GatewayClass, ListenerSet } from "./gateway.ts";
import type { ForeignRoute, TcpRoute, TlsRoute } from "./l4-route.ts";
import type { NgrokManifest } from "./ngrok.ts";
import type { Policy } from "./policy.ts";
import type { ReferenceGrant } from "./reference-grant.ts";
import type { TcpAddress } from "./tcp-address.ts";

/** One validated document with `apiVersion` and `kind`. */
export type AnyManifest =
  | GatewayClass
  | Gateway
  | ListenerSet
  | TcpRoute
  | TlsRoute
  | ForeignRoute
  | ReferenceGrant
  | Policy
  | TcpAddress
  | NgrokManifest
  | Service
  | EndpointSlice
  | Endpoints
  | Secret
  | ConfigMap
  | Namespace;

/**
 * What is known of a document with mistakes that would have kept somebody out: it keeps them out altogether. Without a target
 * that can be read, of everything in its namespace.
 */
export interface BrokenPolicy {
  readonly kind: Policy["kind"];
  readonly namespace: string;
  readonly name?: string;
  /** Absent: not known. */
  readonly targets?: readonly { readonly kind: string; readonly name: string; readonly sectionName?: string }[];
  readonly file: string;
}
