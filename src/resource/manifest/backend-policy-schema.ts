// BackendPolicy as a person writes it: what a Route says about its backends, in the same words.

import * as v from "valibot";

import { connectionsRule } from "../connections-rule.ts";
import { dialOf, dialRule } from "../dial-rule.ts";
import { healthOf, healthRule } from "../health-rule.ts";
import { proxySendOnlyRule } from "../proxy-rule.ts";
import { closedMap } from "../rule.ts";
import { balanceRule, resolveRule } from "../shared-rules.ts";
import { type KindReader, kindReader, standardDocument } from "./kind-reader.ts";
import { mapAt } from "./manifest-rule.ts";
import { checkOwn, misplacedIn } from "./own-policy.ts";
import type { BackendPolicy, BackendPolicySpec } from "./policy.ts";
import { targetsRule } from "./policy-target-rule.ts";

/** What backends are. */
export const BACKEND_TARGETS = { group: "", kinds: ["Service"] } as const;

const IN_LISTENER_POLICY = 'Write it in a ListenerPolicy, whose "targetRefs" name the Gateway';

const spec = closedMap({
  targetRefs: targetsRule(BACKEND_TARGETS),
  balance: v.exactOptional(balanceRule),
  health: v.exactOptional(healthRule),
  dial: v.exactOptional(dialRule),
  resolve: v.exactOptional(resolveRule),
  proxyProtocol: v.exactOptional(proxySendOnlyRule),
  maxConnections: v.exactOptional(connectionsRule),
});

export const backendPolicyReader: KindReader<BackendPolicy> = kindReader({
  kind: "BackendPolicy",
  apiVersion: "sallyport.dev/v1alpha1",
  schema: standardDocument(spec),
  specOf: (document) => specOf(document.spec),
  checkTogether: (document, fail) => checkOwn(mapAt(document, "spec"), fail),
  strangers: misplacedIn([
    ...["protocol", "clientAuth", "allow", "deny", "timeouts", "limits", "proxyProtocol.accept"].map(
      (key) => [key, IN_LISTENER_POLICY] as const,
    ),
    ["backends", 'Write them as "backendRefs" of a route'],
    ["upstreamTls", 'Write a BackendTLSPolicy, whose "targetRefs" name the Service'],
    ["tls", 'Write a BackendTLSPolicy, whose "targetRefs" name the Service'],
    ["targetRef", 'Write it as an entry of "targetRefs"'],
  ]),
});

function specOf(written: v.InferOutput<typeof spec>): BackendPolicySpec {
  const { targetRefs, balance, health, dial, resolve, proxyProtocol, maxConnections } = written;
  return {
    targetRefs,
    ...(balance === undefined ? {} : { balance }),
    // Who says anything about health has said all of it: ejection that is off is not ejection as usual.
    ...(health === undefined ? {} : { passive: "off", ...healthOf(health) }),
    ...(dial === undefined ? {} : { dial: dialOf(dial) }),
    ...(resolve?.interval === undefined ? {} : { resolveIntervalMs: resolve.interval }),
    ...(proxyProtocol?.send === undefined ? {} : { proxySend: proxyProtocol.send }),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}
