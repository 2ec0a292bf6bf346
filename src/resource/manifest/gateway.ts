// GatewayClass, Gateway and ListenerSet (Gateway API v1): the words of their schemas, with defaults filled in.

import type { LabelSelector, Manifest, ObjectReference } from "./manifest.ts";

export type GatewayClass = Manifest<"GatewayClass", GatewayClassSpec>;
export type Gateway = Manifest<"Gateway", GatewaySpec>;
export type ListenerSet = Manifest<"ListenerSet", ListenerSetSpec>;

export interface GatewayClassSpec {
  readonly controllerName: string;
  readonly description?: string;
  readonly parametersRef?: ObjectReference;
}

export interface GatewaySpec {
  readonly gatewayClassName: string;
  readonly listeners: readonly GatewayListener[];
  readonly addresses?: readonly GatewayAddress[];
  readonly infrastructure?: GatewayInfrastructure;
  readonly allowedListeners?: { readonly namespaces: NamespacesFrom };
  readonly tls?: GatewayTls;
  /** The document has mistakes: what is left of it are listeners that let nobody in. */
  readonly hasMistakes?: true;
}

export interface ListenerSetSpec {
  readonly parentRef: ObjectReference;
  readonly listeners: readonly GatewayListener[];
  /** The document has mistakes: what is left of it are listeners that let nobody in. */
  readonly hasMistakes?: true;
}

export interface GatewayListener {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  /** `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or somebody's own. */
  readonly protocol: string;
  readonly tls?: ListenerTls;
  readonly allowedRoutes: {
    readonly namespaces: NamespacesFrom;
    readonly kinds?: readonly { readonly group: string; readonly kind: string }[];
  };
}

export interface ListenerTls {
  readonly mode: "Terminate" | "Passthrough";
  readonly certificateRefs?: readonly ObjectReference[];
  readonly options?: Readonly<Record<string, string>>;
}

/** Whose objects may attach. */
export interface NamespacesFrom {
  readonly from: "All" | "Selector" | "Same" | "None";
  readonly selector?: LabelSelector;
}

export interface GatewayAddress {
  /** `IPAddress`, `Hostname`, or another, which is not supported. */
  readonly type: string;
  /** Absent or empty: any. */
  readonly value?: string;
}

export interface GatewayInfrastructure {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly parametersRef?: Omit<ObjectReference, "namespace">;
}

export interface GatewayTls {
  readonly backend?: { readonly clientCertificateRef?: ObjectReference };
  readonly frontend?: {
    readonly default: FrontendTls;
    readonly perPort?: readonly { readonly port: number; readonly tls: FrontendTls }[];
  };
}

export interface FrontendTls {
  readonly validation?: {
    readonly caCertificateRefs: readonly ObjectReference[];
    readonly mode: "AllowValidOnly" | "AllowInsecureFallback";
  };
}
