// The status of endpoints, in ngrok's words where it has some: conditions that say in plain words what is wrong, and the URL that
// clients use.

import { parseIp } from "../../base/ip.ts";
import { parseEndpointUrl } from "../../resource/endpoint-url.ts";
import type { Condition } from "../gateway/condition.ts";
import { Conditions } from "../gateway/conditions.ts";
import { NOTHING_RUNS, type Outcome } from "../gateway/outcome.ts";
import { createdType, hasMistakes } from "./built-endpoint.ts";
import type { EndpointState } from "./endpoint.ts";

export interface EndpointStatus {
  readonly observedGeneration: number;
  /** Absent: it has none. */
  readonly assignedURL?: string;
  readonly attachedTrafficPolicy?: string;
  /** The same by its old name. */
  readonly trafficPolicy?: string;
  readonly conditions: readonly Condition[];
}

export interface LoadBalancerStatus {
  readonly loadBalancer: { readonly ingress?: readonly LoadBalancerIngress[] };
  readonly conditions: readonly Condition[];
}

/** Where clients come in: by a name, or by an address. */
export interface LoadBalancerIngress {
  readonly hostname?: string;
  readonly ip?: string;
  readonly ports: readonly { readonly port: number; readonly protocol: "TCP" }[];
}

export function endpointStatus(state: EndpointState, generation: number, outcome: Outcome): EndpointStatus {
  const { policyName } = state;
  const assignedUrl = refusalOf(state, outcome) === undefined ? state.assignedUrl : undefined;
  return {
    observedGeneration: generation,
    ...(assignedUrl === undefined ? {} : { assignedURL: assignedUrl }),
    attachedTrafficPolicy: policyName,
    trafficPolicy: policyName,
    conditions: conditionsOfEndpoint(state, outcome).list(generation),
  };
}

export function loadBalancerStatus(state: EndpointState, generation: number, outcome: Outcome): LoadBalancerStatus {
  const conditions = conditionsOfEndpoint(state, outcome);
  const ingress = conditions.failed("Ready") ? undefined : ingressAt(state.assignedUrl);
  return {
    loadBalancer: ingress === undefined ? {} : { ingress: [ingress] },
    conditions: conditions.list(generation),
  };
}

/** Of a Service that would be one, if it were known where. */
export function unreadableStatus(message: string, generation: number): LoadBalancerStatus {
  const conditions = new Conditions();
  conditions.fail("Ready", "ConfigurationError", message);
  return { loadBalancer: {}, conditions: conditions.list(generation) };
}

function ingressAt(url: string | undefined): LoadBalancerIngress | undefined {
  const parsed = parseEndpointUrl(url ?? "");
  if ("mistake" in parsed || parsed.host === undefined || parsed.port === undefined) return undefined;
  const { port } = parsed;
  const host = parsed.wildcard ? `*.${parsed.host}` : parsed.host;
  const ports = [{ port, protocol: "TCP" as const }];
  return parseIp(host) === undefined ? { hostname: host, ports } : { ip: host, ports };
}

/** Why it did not get its address after all. */
function refusalOf({ routes }: EndpointState, outcome: Outcome): string | undefined {
  for (const route of routes) {
    const refusal = outcome.refusalOf(route);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

/** What is said of an endpoint, with what became of its address since. */
export function conditionsOfEndpoint(state: EndpointState, outcome: Outcome): Conditions {
  const { endpoint, conditions: said, assignedUrl = "", note, listeners } = state;
  const created = createdType(endpoint);
  const conditions = new Conditions();
  conditions.adopt(said, created);
  const refusal = refusalOf(state, outcome);
  if (refusal !== undefined) conditions.fail(created, "ConfigurationError", refusal, endpoint.urlPath);
  for (const listener of outcome === NOTHING_RUNS ? [] : listeners) {
    const error = outcome.bindErrorOf(listener);
    if (error !== undefined) conditions.fail(created, "ConfigurationError", error.message, endpoint.urlPath);
  }
  const reason = endpoint.object.kind === "CloudEndpoint" ? "CloudEndpointCreated" : "EndpointCreated";
  const what = said.failed("TrafficPolicy") ? "is its own, and lets nobody in" : "takes clients";
  conditions.hold(
    created,
    reason,
    note === undefined ? `${assignedUrl} ${what}` : `${assignedUrl} ${what}; ${note.message}`,
  );
  conditions.adopt(said, "TrafficPolicy");
  if (endpoint.attachment !== undefined && !hasMistakes(endpoint.object)) {
    conditions.hold("TrafficPolicy", "TrafficPolicyApplied", "Its traffic policy decides about each client");
  }
  conditions.hold("DomainReady", "DomainReady", "No domain has to be reserved here");
  for (const type of [created, "TrafficPolicy"]) {
    if (conditions.failed(type)) {
      conditions.fail(
        "Ready",
        conditions.reasonOf(type) ?? "Unknown",
        conditions.messageOf(type) ?? "",
        endpoint.urlPath,
      );
    }
  }
  const active = endpoint.object.kind === "CloudEndpoint" ? "CloudEndpointActive" : "EndpointActive";
  conditions.hold("Ready", active, "Clients are served");
  return conditions;
}
