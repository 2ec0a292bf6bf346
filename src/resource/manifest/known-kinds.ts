// Which documents have a meaning here: kinds, their groups, and the versions of each that are read. How a document is known by them
// is `identify-kind.ts`.

import { CEL_CHECKS } from "../expression-checks.ts";
import { backendPolicyReader } from "./backend-policy-schema.ts";
import { backendTlsReader } from "./backend-tls-schema.ts";
import { endpointSliceReader, endpointsReader } from "./endpoints-schema.ts";
import { gatewayClassReader } from "./gateway-class-schema.ts";
import { gatewayReader, listenerSetReader } from "./gateway-schema.ts";
import { CORE_GROUP, type Identified, identifyAmong, type KnownKind, type KnownKinds } from "./identify-kind.ts";
import type { KindReader } from "./kind-reader.ts";
import type { AnyManifest } from "./kinds.ts";
import { grpcRouteReader, httpRouteReader, tcpRouteReader, tlsRouteReader, udpRouteReader } from "./l4-route-schema.ts";
import { listenerPolicyReader } from "./listener-policy-schema.ts";
import { GATEWAY_GROUP, OWN_GROUP } from "./manifest.ts";
import { ngrokKinds } from "./ngrok-kinds.ts";
import { referenceGrantReader } from "./reference-grant-schema.ts";
import { configMapReader, namespaceReader, secretReader } from "./secret-schema.ts";
import { serviceReader } from "./service-schema.ts";
import { tcpAddressReader } from "./tcp-address-schema.ts";

const DISCOVERY_GROUP = "discovery.k8s.io";

/** A kind that is in one group. */
function known(
  reader: KindReader<AnyManifest>,
  group: string,
  current: readonly [string, ...string[]],
  older: readonly string[] = [],
  refused: readonly string[] = [],
): readonly [string, KnownKind<AnyManifest>] {
  return [reader.kind, { reader, groups: [{ group, current, older, refused }] }];
}

const KINDS: KnownKinds<AnyManifest> = new Map([
  known(gatewayClassReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(gatewayReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(listenerSetReader, GATEWAY_GROUP, ["v1"]),
  known(referenceGrantReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(tcpRouteReader, GATEWAY_GROUP, ["v1"], ["v1alpha2"]),
  known(tlsRouteReader, GATEWAY_GROUP, ["v1"], ["v1alpha3", "v1alpha2"]),
  known(udpRouteReader, GATEWAY_GROUP, ["v1"], ["v1alpha2"]),
  known(httpRouteReader, GATEWAY_GROUP, ["v1", "v1beta1"], ["v1alpha2"]),
  known(grpcRouteReader, GATEWAY_GROUP, ["v1"], ["v1beta1", "v1alpha2"]),
  known(backendTlsReader, GATEWAY_GROUP, ["v1"], ["v1alpha3"], ["v1alpha2"]),
  known(listenerPolicyReader, OWN_GROUP, ["v1alpha1"]),
  known(backendPolicyReader, OWN_GROUP, ["v1alpha1"]),
  known(tcpAddressReader, OWN_GROUP, ["v1alpha1"]),
  known(serviceReader, CORE_GROUP, ["v1"]),
  known(secretReader, CORE_GROUP, ["v1"]),
  known(configMapReader, CORE_GROUP, ["v1"]),
  known(namespaceReader, CORE_GROUP, ["v1"]),
  known(endpointsReader, CORE_GROUP, ["v1"]),
  known(endpointSliceReader, DISCOVERY_GROUP, ["v1"], ["v1beta1"]),
  ...ngrokKinds(CEL_CHECKS),
]);

/** Tells by `apiVersion` and `kind` what a document is. */
export function identify(document: Readonly<Record<string, unknown>>): Identified<AnyManifest> {
  return identifyAmong(KINDS, document);
}
