// Which documents of ngrok's operator are read, by their names and groups.

import type { ExpressionChecks } from "../traffic-policy/policy-reading.ts";
import { agentEndpointReader } from "./agent-endpoint-schema.ts";
import { boundEndpointReader } from "./bound-endpoint-schema.ts";
import { cloudEndpointReader } from "./cloud-endpoint-schema.ts";
import { domainReader } from "./domain-schema.ts";
import type { KnownKind, KnownKinds } from "./identify-kind.ts";
import { ipPolicyReader } from "./ip-policy-schema.ts";
import type { KindReader } from "./kind-reader.ts";
import {
  NGROK_BINDINGS_GROUP,
  NGROK_GROUP,
  NGROK_INGRESS_GROUP,
  NGROK_NEXT_GROUP,
  type NgrokManifest,
} from "./ngrok.ts";
import { ngrokTrafficPolicyReader } from "./traffic-policy-schema.ts";

/** All of them, with expressions that are judged so. */
export function ngrokKinds(checks: ExpressionChecks): KnownKinds<NgrokManifest> {
  const policy = known(ngrokTrafficPolicyReader(checks), NGROK_GROUP);
  return new Map([
    ["AgentEndpoint", known(agentEndpointReader(checks), NGROK_GROUP)],
    ["CloudEndpoint", known(cloudEndpointReader(checks), NGROK_GROUP)],
    ["NgrokTrafficPolicy", policy],
    ["TrafficPolicy", policy],
    ["IPPolicy", known(ipPolicyReader, NGROK_INGRESS_GROUP)],
    ["Domain", known(domainReader, NGROK_INGRESS_GROUP)],
    ["BoundEndpoint", known(boundEndpointReader, NGROK_BINDINGS_GROUP)],
  ]);
}

/** A kind that is in a group of its own, and in the one that all are moving to; both say the same. */
function known(reader: KindReader<NgrokManifest>, group: string): KnownKind<NgrokManifest> {
  const old = { group, current: ["v1alpha1"], older: [], refused: [] } as const;
  const next = { group: NGROK_NEXT_GROUP, current: ["v1"], older: [], refused: [] } as const;
  return { reader, groups: [old, next] };
}
