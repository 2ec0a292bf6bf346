// Kinds of Kubernetes itself that routes refer to. Only what the gateway has a use for; whatever else such a document says is
// for others, and is not looked at.

import type { Manifest } from "./manifest.ts";

export type Service = Manifest<"Service", ServiceSpec>;
export type EndpointSlice = Manifest<"EndpointSlice", EndpointSliceSpec>;
export type Endpoints = Manifest<"Endpoints", EndpointsSpec>;
export type Secret = Manifest<"Secret", SecretSpec>;
export type ConfigMap = Manifest<"ConfigMap", ConfigMapSpec>;
export type Namespace = Manifest<"Namespace", NamespaceSpec>;

export interface NamespaceSpec {
  /** The document has mistakes: its labels are not known. */
  readonly hasMistakes?: true;
}

export interface ServiceSpec {
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName";
  readonly ports: readonly ServicePort[];
  /** `None`: a headless Service, whose name stands for its endpoints themselves. */
  readonly clusterIP?: string;
  readonly externalName?: string;
  /** Of type LoadBalancer: who is to provide it. */
  readonly loadBalancerClass?: string;
  /** Whether endpoints that are not ready are used too. */
  readonly publishNotReadyAddresses: boolean;
  /** The document has mistakes: nobody is sent there, and if it is an endpoint nobody is let in. */
  readonly hasMistakes?: true;
}

export interface ServicePort {
  readonly name?: string;
  readonly port: number;
  /** Absent: the same. */
  readonly targetPort?: number | string;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

/** On an EndpointSlice: whose it is. */
export const SERVICE_LABEL = "kubernetes.io/service-name";

/** discovery.k8s.io/v1; it belongs to the Service that its `SERVICE_LABEL` names. */
export interface EndpointSliceSpec {
  readonly addressType: "IPv4" | "IPv6" | "FQDN";
  readonly endpoints: readonly {
    readonly addresses: readonly string[];
    /** Absent conditions: ready. */
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean };
  }[];
  /** Without a port: all ports. */
  readonly ports: readonly { readonly name?: string; readonly port?: number; readonly protocol: string }[];
}

/** The older form; it belongs to the Service of the same name. */
export interface EndpointsSpec {
  readonly subsets: readonly {
    readonly addresses: readonly string[];
    readonly notReadyAddresses: readonly string[];
    readonly ports: readonly { readonly name?: string; readonly port: number; readonly protocol: string }[];
  }[];
}

export interface SecretSpec {
  readonly type: string;
  /** Decoded: `data` and `stringData` together. */
  readonly data: ReadonlyMap<string, Uint8Array>;
}

export interface ConfigMapSpec {
  readonly data: Readonly<Record<string, string>>;
}
