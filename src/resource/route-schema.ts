// The keys of a Route document, each with the rule for its value. What values must not say together is `route-together.ts`
// and `tls-together.ts`; what becomes of it all is `route.ts`.

import * as v from "valibot";

import { alpnRule } from "./alpn-rule.ts";
import { backendsRule } from "./backend-rule.ts";
import { certificateRulesRule } from "./certificate-rule.ts";
import { cidrsRule } from "./cidrs-rule.ts";
import { dialRule } from "./dial-rule.ts";
import { healthRule } from "./health-rule.ts";
import { limitsRule } from "./limits-rule.ts";
import { listenRule } from "./listen-rule.ts";
import { MISPLACED_KEYS } from "./misplaced-keys.ts";
import { nameRule } from "./name-rule.ts";
import { proxyRule } from "./proxy-rule.ts";
import { closedMap, type KnownStrangers } from "./rule.ts";
import { balanceRule, protocolRule, resolveRule, timeoutsRule } from "./shared-rules.ts";
import { tlsRule } from "./tls-rule.ts";
import { upstreamTlsRule } from "./upstream-tls-rule.ts";

/** Keys of later versions are refused by name: to ignore `policy` would open what was meant to be shut. */
export const KNOWN_STRANGERS: KnownStrangers = { later: new Set(["policy"]), misplaced: MISPLACED_KEYS };

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
});

/** A Route document, each of its values judged. */
export type WrittenRoute = v.InferOutput<typeof routeSchema>;
