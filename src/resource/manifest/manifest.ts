// What all documents with `apiVersion` and `kind` have in common. Each kind has its own file beside this one; what a set of
// them means together is `plan/gateway/`.

import type { Origin } from "../origin.ts";

/** A Kubernetes object's name and what is said about it. */
export interface ObjectMeta {
  readonly name: string;
  /** `default` where none is written; empty for kinds that have none (GatewayClass, Namespace). */
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** As written: RFC 3339. */
  readonly creationTimestamp?: string;
}

/** One validated document of one kind. */
export interface Manifest<Kind extends string, Spec> {
  readonly kind: Kind;
  /** The kind's current version, whichever older one was written. */
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
  /**
   * With every default filled in, in the words of the kind's schema. Of kinds that have no `spec` (Secret, ConfigMap, Endpoints,
   * EndpointSlice) what stands in its place.
   */
  readonly spec: Spec;
  readonly origin: Origin;
}

/** Group of the standard kinds. */
export const GATEWAY_GROUP = "gateway.networking.k8s.io";
/** Group of our own kinds. */
export const OWN_GROUP = "sallyport.dev";

/** `metadata.name` with its namespace, as messages show it. */
export function nameOf({ metadata: { namespace, name } }: { readonly metadata: ObjectMeta }): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** What tells an object from all others. */
export function keyOf({ kind, metadata }: Pick<Manifest<string, unknown>, "kind" | "metadata">): string {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

/** Labels that something has to have (meta/v1 LabelSelector); empty selects everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelRequirement[];
}

export interface LabelRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: readonly string[];
}

/** A reference to an object, maybe in another namespace. */
export interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}
