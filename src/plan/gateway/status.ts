// The status of every manifest that has one.

import type { AnyManifest } from "../../resource/manifest/kinds.ts";
import { type TcpAddressStatus, tcpAddressStatus } from "../tcp-address-status.ts";
import {
  type EndpointStatus,
  endpointStatus,
  type LoadBalancerStatus,
  loadBalancerStatus,
  unreadableStatus,
} from "../ngrok/endpoint-status.ts";
import { type NgrokPolicyStatus, ngrokPolicyStatus } from "../ngrok/policy-status.ts";
import { type UnneededStatus, unneededStatus } from "../ngrok/unneeded.ts";
import {
  classStatus,
  type ClassStatus,
  type GatewayStatus,
  gatewayStatus,
  listenerSetStatus,
  type ListenerSetStatus,
} from "./gateway-status.ts";
import type { Outcome } from "./outcome.ts";
import { type PolicyStatus, policyStatus, type RouteStatus, routeStatus } from "./route-status.ts";
import type { Translation } from "./translate.ts";

export type Status =
  | ClassStatus
  | GatewayStatus
  | ListenerSetStatus
  | RouteStatus
  | PolicyStatus
  | TcpAddressStatus
  | EndpointStatus
  | LoadBalancerStatus
  | NgrokPolicyStatus
  | UnneededStatus;

/** All statuses as things are now. What is not there has none: a Gateway of somebody else's, a Service. */
export function statusesOf(translation: Translation, outcome: Outcome): ReadonlyMap<AnyManifest, Status> {
  const { catalog, gateways, routeStates, addresses, endpoints } = translation;
  const statuses = new Map<AnyManifest, Status>();
  for (const gatewayClass of catalog.of("GatewayClass")) {
    const status = classStatus(gatewayClass, catalog.generationOf(gatewayClass));
    if (status !== undefined) statuses.set(gatewayClass, status);
  }
  for (const state of gateways.ours) {
    statuses.set(state.gateway, gatewayStatus(state, translation, outcome));
    for (const set of state.sets) statuses.set(set.set, listenerSetStatus(set, translation, outcome));
  }
  for (const state of routeStates) statuses.set(state.route, routeStatus(state, translation, outcome));
  for (const kind of ["BackendTLSPolicy", "ListenerPolicy", "BackendPolicy"] as const) {
    for (const policy of catalog.of(kind)) statuses.set(policy, policyStatus(policy, translation));
  }
  for (const address of catalog.of("TCPAddress")) {
    statuses.set(address, tcpAddressStatus(address, addresses, catalog.generationOf(address)));
  }
  for (const state of endpoints.states) {
    const { object } = state.endpoint;
    const generation = catalog.generationOf(object);
    const status = object.kind === "Service" ? loadBalancerStatus : endpointStatus;
    statuses.set(object, status(state, generation, outcome));
  }
  for (const [service, message] of endpoints.unreadable) {
    statuses.set(service, unreadableStatus(message, catalog.generationOf(service)));
  }
  for (const kind of ["NgrokTrafficPolicy", "IPPolicy"] as const) {
    for (const object of catalog.of(kind))
      statuses.set(object, ngrokPolicyStatus(object, catalog.generationOf(object)));
  }
  for (const kind of ["Domain", "BoundEndpoint"] as const) {
    for (const object of catalog.of(kind)) statuses.set(object, unneededStatus(object, catalog.generationOf(object)));
  }
  return statuses;
}
