// The keys of a Route document, each with the rule for its value. What values must not say together is `route-together.ts`
// and `tls-together.ts`; what becomes of it all is `route.ts`.

import * as v from "valibot";

import { alpnRule } from "./alpn-rule.ts";
import { backendsRule } from "./backend-rule.ts";
import { certificateRulesRule } from "./certificate-rule.ts";
import { cidrsRule } from "./cidrs-rule.ts";
import { dialRule } from "./dial-rule.ts";
import { CEL_CHECKS } from "./expression-checks.ts";
import { healthRule } from "./health-rule.ts";
import { limitsRule } from "./limits-rule.ts";
import { listenRule } from "./listen-rule.ts";
import { MISPLACED_KEYS } from "./misplaced-keys.ts";
import { nameRule } from "./name-rule.ts";
import { proxyRule } from "./proxy-rule.ts";
import { closedMap, type KnownStrangers } from "./rule.ts";
import { balanceRule, protocolRule, resolveRule, timeoutsRule } from "./shared-rules.ts";
import { tlsRule } from "./tls-rule.ts";
import { trafficPolicyRule } from "./traffic-policy/traffic-policy-rule.ts";
import { upstreamTlsRule } from "./upstream-tls-rule.ts";

export const KNOWN_STRANGERS: KnownStrangers = { misplaced: MISPLACED_KEYS };

export const routeSchema = closedMap({
  name: v.optional(nameRule),
  listen: listenRule,
  protocol: v.optional(protocolRule),
  backends: backendsRule,
  allow: v.optional(cidrsRule),
  deny: v.optional(cidrsRule),
  match: v.optional(
    closedMap({
      sources: v.optional(cidrsRule),
      alpn: v.optional(alpnRule),
      clientCert: v.optional(certificateRulesRule),
    }),
  ),
  tls: v.optional(tlsRule),
  upstreamTls: v.optional(upstreamTlsRule),
  proxyProtocol: v.optional(proxyRule),
  timeouts: v.optional(timeoutsRule),
  limits: v.optional(limitsRule),
  balance: v.optional(balanceRule),
  health: v.optional(healthRule),
  dial: v.optional(dialRule),
  resolve: v.optional(resolveRule),
  policy: v.optional(trafficPolicyRule(CEL_CHECKS, { ofRoute: true })),
});

/** A Route document, each of its values judged. */
export type WrittenRoute = v.InferOutput<typeof routeSchema>;
