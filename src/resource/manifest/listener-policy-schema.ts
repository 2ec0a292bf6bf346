// ListenerPolicy as a person writes it: what a Route says about its clients, in the same words.

import * as v from "valibot";

import { cidrsRule } from "../cidrs-rule.ts";
import { clientAuthRule } from "../client-auth-rule.ts";
import { limitsOf, limitsRule } from "../limits-rule.ts";
import { proxyAcceptOnlyRule } from "../proxy-rule.ts";
import type { RouteTimeouts } from "../route.ts";
import { closedMap } from "../rule.ts";
import { protocolRule, timeoutsRule } from "../shared-rules.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { GATEWAY_GROUP } from "./manifest.ts";
import { mapAt } from "./manifest-rule.ts";
import { checkOwn, misplacedIn } from "./own-policy.ts";
import type { ListenerPolicy, ListenerPolicySpec } from "./policy.ts";
import { targetsRule } from "./policy-target-rule.ts";

/** What listeners are parts of. */
export const LISTENER_TARGETS = { group: GATEWAY_GROUP, kinds: ["Gateway", "ListenerSet"] } as const;

const IN_BACKEND_POLICY = 'Write it in a BackendPolicy, whose "targetRefs" name the Service';

const spec = closedMap({
  targetRefs: targetsRule(LISTENER_TARGETS),
  protocol: v.exactOptional(protocolRule),
  proxyProtocol: v.exactOptional(proxyAcceptOnlyRule),
  clientAuth: v.exactOptional(clientAuthRule),
  allow: v.exactOptional(cidrsRule),
  deny: v.exactOptional(cidrsRule),
  timeouts: v.exactOptional(timeoutsRule),
  limits: v.exactOptional(limitsRule),
});

export const listenerPolicyReader: KindReader<ListenerPolicy> = kindReader({
  kind: "ListenerPolicy",
  apiVersion: "sallyport.dev/v1alpha1",
  schema: standardDocument(spec),
  specOf: (document) => specOf(document.spec),
  checkTogether: (document, fail) => checkOwn(mapAt(document, "spec"), fail),
  strangers: misplacedIn([
    ...["balance", "health", "dial", "resolve", "maxConnections", "proxyProtocol.send"].map(
      (key) => [key, IN_BACKEND_POLICY] as const,
    ),
    ["tls", 'Write it as "tls" of the listener; "clientAuth" beside "targetRefs"'],
    ["tls.clientAuth", 'Write it as "clientAuth" beside "targetRefs"'],
    ["upstreamTls", 'Write a BackendTLSPolicy, whose "targetRefs" name the Service'],
    ["targetRef", 'Write it as an entry of "targetRefs"'],
  ]),
});

function specOf(written: v.InferOutput<typeof spec>): ListenerPolicySpec {
  const { targetRefs, protocol, proxyProtocol, clientAuth, allow, deny, timeouts, limits } = written;
  return {
    targetRefs,
    ...(protocol === undefined ? {} : { protocol }),
    ...(proxyProtocol?.accept === undefined ? {} : { proxyAccept: proxyProtocol.accept }),
    ...(clientAuth === undefined ? {} : { clientAuth }),
    ...(allow === undefined ? {} : { allow }),
    ...(deny === undefined ? {} : { deny }),
    ...(timeouts === undefined ? {} : { timeouts: timeoutsOf(timeouts) }),
    ...(limits === undefined ? {} : { limits: limitsOf(limits) }),
  };
}

function timeoutsOf(written: v.InferOutput<typeof timeoutsRule>): Partial<RouteTimeouts> {
  const { connect, idle, halfClose, lifetime, hello } = written;
  return {
    ...(connect === undefined ? {} : { connectMs: connect }),
    ...(idle === undefined ? {} : { idleMs: idle }),
    ...(halfClose === undefined ? {} : { halfCloseMs: halfClose }),
    ...(lifetime === undefined ? {} : { lifetimeMs: lifetime }),
    ...(hello === undefined ? {} : { helloMs: hello }),
  };
}
