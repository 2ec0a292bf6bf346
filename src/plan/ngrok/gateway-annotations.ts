// What ngrok's annotations say of a Gateway: the traffic policy of all its listeners, and from where they can be reached. Which of its
// pools a client gets is a matter of weights, so that `pooling-enabled` has no meaning here.

import type { Gateway } from "../../resource/manifest/gateway.ts";
import type { TrafficPolicy } from "../../resource/traffic-policy/policy.ts";
import type { Catalog } from "../gateway/catalog.ts";
import type { Conditions } from "../gateway/conditions.ts";
import { attachedPolicy } from "./attached-policy.ts";
import { annotationOf } from "./load-balancer.ts";

const PATH = ["metadata", "annotations"];

/** The policy of a Gateway, `undefined` for none. One that cannot be had, or is not to be reached from outside, is not accepted. */
export function gatewayTrafficPolicy(
  { metadata: { namespace, annotations } }: Gateway,
  catalog: Catalog,
  conditions: Conditions,
): TrafficPolicy | undefined {
  const binding = annotationOf(annotations, "bindings");
  if (binding !== undefined && binding !== "public") {
    const message = `Its annotation "bindings" is "${binding}", and the listeners of a Gateway are public: an endpoint inside is an AgentEndpoint`;
    conditions.fail("Accepted", "UnsupportedBinding", message, PATH);
  }
  const name = annotationOf(annotations, "traffic-policy");
  if (name === undefined) return undefined;
  const attached = attachedPolicy({ targetRef: { name } }, namespace, { ofRoute: true }, catalog, PATH);
  if ("policy" in attached) return attached.policy;
  for (const { message } of attached.problems) conditions.failToo("Accepted", "TrafficPolicyError", message, PATH);
  return undefined;
}
