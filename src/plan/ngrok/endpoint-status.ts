// The status of endpoints, in ngrok's words where it has some: conditions that say in plain words what is wrong, and the URL that
// clients use.

import type { Condition } from "../gateway/condition.ts";
import { Conditions } from "../gateway/conditions.ts";
import { NOTHING_RUNS, type Outcome } from "../gateway/outcome.ts";
import { createdType } from "./built-endpoint.ts";
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
  readonly loadBalancer: {
    readonly ingress?: readonly {
      readonly hostname: string;
      readonly ports: readonly { readonly port: number; readonly protocol: "TCP" }[];
    }[];
  };
  readonly conditions: readonly Condition[];
}

export function endpointStatus(state: EndpointState, generation: number, outcome: Outcome): EndpointStatus {
  const { assignedUrl, policyName } = state;
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
  const found = /^(?:tcp|tls):\/\/(?<hostname>.*):(?<port>\d+)$/.exec(state.assignedUrl ?? "")?.groups;
  const ingress =
    found === undefined || conditions.failed("Ready")
      ? {}
      : {
          ingress: [
            { hostname: found["hostname"] ?? "", ports: [{ port: Number(found["port"]), protocol: "TCP" as const }] },
          ],
        };
  return { loadBalancer: ingress, conditions: conditions.list(generation) };
}

/** What is said of an endpoint, with what became of its address since. */
export function conditionsOfEndpoint(state: EndpointState, outcome: Outcome): Conditions {
  const { endpoint, conditions: said, assignedUrl = "", door, note, listeners } = state;
  const created = createdType(endpoint);
  const conditions = new Conditions();
  conditions.adopt(said, created);
  const refusal = door === undefined ? undefined : outcome.refusalOf(door);
  if (refusal !== undefined) conditions.fail(created, "ConfigurationError", refusal, endpoint.urlPath);
  for (const listener of outcome === NOTHING_RUNS ? [] : listeners) {
    const error = outcome.bindErrorOf(listener);
    if (error !== undefined) conditions.fail(created, "ConfigurationError", error.message, endpoint.urlPath);
  }
  const reason = endpoint.object.kind === "CloudEndpoint" ? "CloudEndpointCreated" : "EndpointCreated";
  conditions.hold(
    created,
    reason,
    note === undefined ? `${assignedUrl} takes clients` : `${assignedUrl} takes clients; ${note}`,
  );
  conditions.adopt(said, "TrafficPolicy");
  if (endpoint.attachment !== undefined) {
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
