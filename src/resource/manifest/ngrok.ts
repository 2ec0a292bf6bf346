// Kinds of ngrok's operator, as far as TCP and TLS are concerned: AgentEndpoint, CloudEndpoint, NgrokTrafficPolicy (TrafficPolicy),
// IPPolicy, Domain and BoundEndpoint. Defaults and limits are those of its CRDs (0.22).

import type { Cidr } from "../../base/ip.ts";
import type { HostnamePattern } from "../../base/hostname.ts";
import type { Binding } from "../binding.ts";
import type { EndpointUrl } from "../endpoint-url.ts";
import type { TrafficPolicy } from "../traffic-policy/policy.ts";
import type { UpstreamUrl } from "../upstream-url.ts";
import type { Manifest } from "./manifest.ts";

export type AgentEndpoint = Manifest<"AgentEndpoint", AgentEndpointSpec>;
export type CloudEndpoint = Manifest<"CloudEndpoint", CloudEndpointSpec>;
/** A document of kind TrafficPolicy too. */
export type NgrokTrafficPolicy = Manifest<"NgrokTrafficPolicy", { readonly policy: TrafficPolicy }>;
export type IpPolicy = Manifest<"IPPolicy", IpPolicySpec>;
export type Domain = Manifest<"Domain", DomainSpec>;
export type BoundEndpoint = Manifest<"BoundEndpoint", BoundEndpointSpec>;
export type NgrokManifest = AgentEndpoint | CloudEndpoint | NgrokTrafficPolicy | IpPolicy | Domain | BoundEndpoint;

/** Group of endpoints and traffic policies. */
export const NGROK_GROUP = "ngrok.k8s.ngrok.com";
/** Group of domains and IP policies. */
export const NGROK_INGRESS_GROUP = "ingress.k8s.ngrok.com";
/** Group of endpoints that are bound to a cluster. */
export const NGROK_BINDINGS_GROUP = "bindings.k8s.ngrok.com";
/** Group that all of them are moving to. */
export const NGROK_NEXT_GROUP = "ngrok.com";

/** What ngrok's objects say of themselves. */
export interface Described {
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** An object of the same namespace. */
export interface NameReference {
  readonly name: string;
}

/** The policy of an endpoint: its own, or one that it names. */
export type PolicyAttachment = { readonly inline: TrafficPolicy } | { readonly targetRef: NameReference };

/** Clients that come in at the url go to the upstream, as far as the policy lets them. */
export interface AgentEndpointSpec extends Described {
  readonly url: EndpointUrl;
  /** As written, or by the url. */
  readonly binding: Binding;
  readonly upstream: {
    readonly url: UpstreamUrl;
    readonly proxyProtocolVersion?: "1" | "2";
  };
  readonly trafficPolicy?: PolicyAttachment;
  /** The document has mistakes: nobody is let in. */
  readonly hasMistakes?: true;
  /** Secrets with what is shown to an upstream of TLS. */
  readonly clientCertificateRefs: readonly NameReference[];
  /** Only with `tls://`. */
  readonly tlsTermination?: {
    readonly serverCertificateRef: NameReference;
    readonly mutualTLS?: { readonly clientCAsRef: NameReference; readonly mode: "require" | "request" };
  };
}

/** Clients that come in at the url go where the policy says. */
export interface CloudEndpointSpec extends Described {
  readonly url: EndpointUrl;
  /** As written, or by the url. */
  readonly binding: Binding;
  readonly poolingEnabled: boolean;
  readonly trafficPolicy: PolicyAttachment;
  /** The document has mistakes: nobody is let in. */
  readonly hasMistakes?: true;
}

export interface IpPolicySpec extends Described {
  readonly rules: readonly IpPolicyRule[];
}

export interface IpPolicyRule extends Described {
  readonly cidr: Cidr;
  readonly action: "allow" | "deny";
}

export interface DomainSpec extends Described {
  readonly domain: HostnamePattern;
  readonly reclaimPolicy: "Delete" | "Retain";
  readonly resolvesTo: readonly { readonly value: string }[];
}

export interface BoundEndpointSpec {
  readonly endpointURL: string;
  readonly scheme: "tcp" | "http" | "https" | "tls";
  readonly port: number;
  readonly target: {
    readonly service: string;
    readonly namespace: string;
    readonly protocol: "TCP";
    readonly port: number;
    readonly metadata: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  };
}
