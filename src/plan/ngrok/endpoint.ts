// What AgentEndpoints, CloudEndpoints and Services of type LoadBalancer have in common: a URL where clients come in, a policy, and
// maybe somebody behind it.

import type { Service } from "../../resource/manifest/core.ts";
import type { AgentEndpoint, CloudEndpoint, PolicyAttachment } from "../../resource/manifest/ngrok.ts";
import type { Binding } from "../../resource/binding.ts";
import type { EndpointUrl } from "../../resource/endpoint-url.ts";
import type { ValuePath } from "../../resource/origin.ts";
import type { Conditions } from "../gateway/conditions.ts";

/** An object that is an endpoint. */
export type EndpointObject = AgentEndpoint | CloudEndpoint | Service;

export interface Endpoint {
  readonly object: EndpointObject;
  readonly url: EndpointUrl;
  /** Where the URL is written. */
  readonly urlPath: ValuePath;
  readonly binding: Binding;
  /** Whether it may share its URL with others that may. */
  readonly pooling: boolean;
  readonly attachment: PolicyAttachment | undefined;
  /** Where the policy is written. */
  readonly policyPath: ValuePath;
  /** What is wrong with what it says besides: nobody is let in. */
  readonly mistake?: string;
}

/** Something that is not as it could be, though clients are served. */
export interface PlaceNote {
  /** Without the area of the kind. */
  readonly code: "unreserved-address" | "port-out-of-range";
  readonly message: string;
}

/** What became of an endpoint. */
export interface EndpointState {
  readonly endpoint: Endpoint;
  readonly conditions: Conditions;
  /** With the address that it was given; absent: it has none, or somebody else has it. */
  readonly assignedUrl?: string;
  /** `inline`, `none`, or the name of a policy. */
  readonly policyName: string;
  /** Names of the listeners that it wants. */
  readonly listeners: readonly string[];
  /** What is worth knowing, though nothing is wrong. */
  readonly note?: PlaceNote;
  /** Names of the routes that it takes to serve it: its own, and the one that has the address if several share it. */
  readonly routes: readonly string[];
}

/** What a status calls the policy. */
export function policyName(attachment: PolicyAttachment | undefined): string {
  if (attachment === undefined) return "none";
  return "inline" in attachment ? "inline" : attachment.targetRef.name;
}
