// Manifests of re-told conformance tests, with what all of them have in common written once. Parts that matter to a test are
// YAML in flow style, in the test.

import { INFRA } from "./conformance.ts";

/** What is said of everything that is as it should be. */
export const GOOD_LISTENER: readonly string[] = [
  "Accepted=True/Accepted",
  "Programmed=True/Programmed",
  "ResolvedRefs=True/ResolvedRefs",
];
export const GOOD_ROUTE: readonly string[] = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"];

export interface GatewayWish {
  /** An address of its own; without one the Gateway has no `addresses`. */
  readonly host?: string;
  readonly namespace?: string;
  /** More lines of the spec, each beginning with two spaces. */
  readonly more?: string;
}

/** A Gateway of our class; `listeners` in flow style. */
export function gatewayText(name: string, wish: GatewayWish, ...listeners: readonly string[]): string {
  const { host, namespace = INFRA, more = "" } = wish;
  return `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {namespace: ${namespace}, name: ${name}}
spec:
  gatewayClassName: sallyport
${host === undefined ? "" : `  addresses: [{type: IPAddress, value: ${host}}]\n`}${more}  listeners:
${listeners.map((listener) => `    - ${listener}\n`).join("")}`;
}

/** A listener for TCPRoutes of its Gateway's namespace. */
export function tcpListener(name: string, port: number): string {
  return `{name: ${name}, protocol: TCP, port: ${port}, allowedRoutes: {kinds: [{kind: TCPRoute}]}}`;
}

/** A listener that ends TLS; `secret` in flow style, `more` further keys of the listener. */
export function tlsListener(name: string, port: number, secret: string, more = ""): string {
  return `{name: ${name}, protocol: TLS, port: ${port}, tls: {mode: Terminate, certificateRefs: [${secret}]}${more}}`;
}

export interface RouteWish {
  /** parentRefs, in flow style. */
  readonly parents: string;
  /** backendRefs, in flow style. */
  readonly backends: string;
  readonly namespace?: string;
  /** More keys of the metadata, each after a comma. */
  readonly meta?: string;
}

export function tcpRouteText(name: string, { parents, backends, namespace = INFRA, meta = "" }: RouteWish): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {namespace: ${namespace}, name: ${name}${meta}}
spec:
  parentRefs: [${parents}]
  rules: [{backendRefs: [${backends}]}]
`;
}

export function tlsRouteText(name: string, wish: RouteWish & { readonly hostnames: string }): string {
  const { parents, backends, hostnames, namespace = INFRA, meta = "" } = wish;
  return `apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {namespace: ${namespace}, name: ${name}${meta}}
spec:
  parentRefs: [${parents}]
  hostnames: [${hostnames}]
  rules: [{backendRefs: [${backends}]}]
`;
}

/** A ReferenceGrant; both sides in flow style. */
export function grantText(name: string, namespace: string, from: string, to: string): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ReferenceGrant
metadata: {namespace: ${namespace}, name: ${name}}
spec:
  from: [${from}]
  to: [${to}]
`;
}
