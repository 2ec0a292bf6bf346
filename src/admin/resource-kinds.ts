// What kinds of resources are called: as kubectl does, in singular, plural or short, whatever the case. And their order in
// lists: what others hang on comes first.

import { compareText } from "../base/compare-text.ts";
import { suggest } from "../base/suggest.ts";
import type { AnyManifest } from "../resource/manifest/kinds.ts";

type Kind = AnyManifest["kind"];

/** Other names, in lower case; the plural first. In the order of lists. */
const NAMES: Readonly<Record<Kind, readonly string[]>> = {
  GatewayClass: ["gatewayclasses", "gc"],
  Gateway: ["gateways", "gtw", "gw"],
  ListenerSet: ["listenersets", "lset"],
  TCPRoute: ["tcproutes"],
  TLSRoute: ["tlsroutes"],
  HTTPRoute: ["httproutes"],
  GRPCRoute: ["grpcroutes"],
  UDPRoute: ["udproutes"],
  ReferenceGrant: ["referencegrants", "refgrant"],
  BackendTLSPolicy: ["backendtlspolicies", "btlspolicy"],
  ListenerPolicy: ["listenerpolicies"],
  BackendPolicy: ["backendpolicies"],
  AgentEndpoint: ["agentendpoints", "aep"],
  CloudEndpoint: ["cloudendpoints", "clep"],
  NgrokTrafficPolicy: ["ngroktrafficpolicies", "trafficpolicies", "trafficpolicy"],
  IPPolicy: ["ippolicies"],
  Domain: ["domains"],
  BoundEndpoint: ["boundendpoints"],
  TCPAddress: ["tcpaddresses"],
  Service: ["services", "svc"],
  EndpointSlice: ["endpointslices"],
  Endpoints: ["ep"],
  Secret: ["secrets"],
  ConfigMap: ["configmaps", "cm"],
  Namespace: ["namespaces", "ns"],
};

/** All of them, in the order of lists. */
export const RESOURCE_KINDS: readonly string[] = Object.keys(NAMES);

const BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries(NAMES).flatMap(([kind, others]) => [kind.toLowerCase(), ...others].map((name) => [name, kind])),
);

const RANK: ReadonlyMap<string, number> = new Map(RESOURCE_KINDS.map((kind, index) => [kind, index]));

/** The kind that somebody means; `gateways.gateway.networking.k8s.io` too. `undefined` when there is none. */
export function kindNamed(text: string): string | undefined {
  return BY_NAME.get(text.toLowerCase().split(".", 1).join());
}

/** The kind that somebody may have meant. */
export function kindLike(text: string): string | undefined {
  const near = suggest(text, BY_NAME.keys());
  return near === undefined ? undefined : BY_NAME.get(near);
}

/** What tells a resource from all others. */
export interface ResourceName {
  readonly kind: string;
  /** Empty for kinds that are in none. */
  readonly namespace: string;
  readonly name: string;
}

/** Order of lists: by kind, namespace and name. */
export function compareResourceNames(a: ResourceName, b: ResourceName): number {
  const rank = ({ kind }: ResourceName): number => RANK.get(kind) ?? RANK.size;
  return (
    rank(a) - rank(b) ||
    compareText(a.kind, b.kind) ||
    compareText(a.namespace, b.namespace) ||
    compareText(a.name, b.name)
  );
}
