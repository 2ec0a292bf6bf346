// Manifests of re-told conformance tests beside those of `conformance-manifests.ts`: ListenerSets and policies. Parts that matter to
// a test are YAML in flow style, in the test.

import { INFRA } from "./conformance.ts";

/** What is said of a BackendTLSPolicy that is as it should be. */
export const GOOD_POLICY: readonly string[] = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"];

export interface ListenerSetWish {
  /** The Gateway that it belongs to. */
  readonly gateway: string;
  readonly namespace?: string;
  /** More keys of the metadata, each after a comma. */
  readonly meta?: string;
}

/** A ListenerSet of a Gateway in INFRA; `listeners` in flow style. */
export function listenerSetText(name: string, wish: ListenerSetWish, ...listeners: readonly string[]): string {
  const { gateway, namespace = INFRA, meta = "" } = wish;
  return `apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {namespace: ${namespace}, name: ${name}${meta}}
spec:
  parentRef: {group: gateway.networking.k8s.io, kind: Gateway, name: ${gateway}, namespace: ${INFRA}}
  listeners:
${listeners.map((listener) => `    - ${listener}\n`).join("")}`;
}

export interface BackendTlsWish {
  /** Name of a Service; `#port` after it names one of its ports. */
  readonly target: string;
  /** caCertificateRefs, in flow style. */
  readonly authorities: string;
  readonly hostname: string;
  /** subjectAltNames, in flow style. */
  readonly names?: string;
  /** More keys of the metadata, each after a comma. */
  readonly meta?: string;
}

/** A BackendTLSPolicy. */
export function backendTlsText(name: string, wish: BackendTlsWish): string {
  const { target, authorities, hostname, names, meta = "" } = wish;
  const [service, port] = target.split("#");
  const section = port === undefined ? "" : `, sectionName: ${port}`;
  return `apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {namespace: ${INFRA}, name: ${name}${meta}}
spec:
  targetRefs: [{group: "", kind: Service, name: ${service}${section}}]
  validation:
    caCertificateRefs: [${authorities}]
    hostname: ${hostname}
${names === undefined ? "" : `    subjectAltNames: [${names}]\n`}`;
}

/** A reference to authorities in a ConfigMap. */
export function caReference(name: string, kind: "ConfigMap" | "Secret" = "ConfigMap"): string {
  return `{group: "", kind: ${kind}, name: ${name}}`;
}

/** A ListenerPolicy for a Gateway or ListenerSet, `Kind name` or `Kind name#listener`; `spec` is lines of YAML. */
export function listenerPolicyText(name: string, target: string, ...spec: readonly string[]): string {
  const [kind = "", object = ""] = target.split(" ");
  return policyText("ListenerPolicy", name, targetText("gateway.networking.k8s.io", kind, object), spec);
}

/** A BackendPolicy for a Service, `name` or `name#port`; `spec` is lines of YAML. */
export function backendPolicyText(name: string, target: string, ...spec: readonly string[]): string {
  return policyText("BackendPolicy", name, targetText('""', "Service", target), spec);
}

function targetText(group: string, kind: string, object: string): string {
  const [name, section] = object.split("#");
  return `{group: ${group}, kind: ${kind}, name: ${name}${section === undefined ? "" : `, sectionName: ${section}`}}`;
}

function policyText(kind: string, name: string, target: string, spec: readonly string[]): string {
  return `apiVersion: sallyport.dev/v1alpha1
kind: ${kind}
metadata: {namespace: ${INFRA}, name: ${name}}
spec:
  targetRefs: [${target}]
${spec.map((line) => `  ${line}\n`).join("")}`;
}
