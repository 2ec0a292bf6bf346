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
import { boundedDurationRule, durationRule, wordRule } from "./scalar-rule.ts";
import { tlsRule } from "./tls-rule.ts";
import { upstreamTlsRule } from "./upstream-tls-rule.ts";

const MIN_RESOLVE_MS = 1_000;
/** A round trip to the other side of the world takes a third of a second, and hardware is slow to wake up. */
const MIN_HELLO_MS = 100;
/** Whoever says nothing holds a socket for so long; there is no "off", because everybody can do so. */
const MAX_HELLO_MS = 300_000;

const BALANCES = ["round-robin", "least-connections", "random", "source-hash"] as const;
/** What others call them. */
const OTHER_BALANCES: Readonly<Record<string, (typeof BALANCES)[number]>> = {
  rr: "round-robin",
  roundrobin: "round-robin",
  leastconn: "least-connections",
  leastconns: "least-connections",
  hash: "source-hash",
  source: "source-hash",
  iphash: "source-hash",
  sticky: "source-hash",
};

const PROTOCOLS = ["tcp", "postgres"] as const;
const OTHER_PROTOCOLS: Readonly<Record<string, (typeof PROTOCOLS)[number]>> = {
  raw: "tcp",
  stream: "tcp",
  pg: "postgres",
  pgsql: "postgres",
  psql: "postgres",
  postgresql: "postgres",
};

/** Keys of later versions are refused by name: to ignore `policy` would open what was meant to be shut. */
export const KNOWN_STRANGERS: KnownStrangers = { later: new Set(["policy"]), misplaced: MISPLACED_KEYS };

export const routeSchema = closedMap({
  name: v.optional(nameRule),
  listen: listenRule,
  protocol: v.optional(wordRule("bad-protocol", PROTOCOLS, OTHER_PROTOCOLS)),
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
  timeouts: v.optional(
    closedMap({
      connect: v.optional(durationRule),
      idle: v.optional(durationRule),
      halfClose: v.optional(durationRule),
      lifetime: v.optional(durationRule),
      hello: v.optional(boundedDurationRule(MIN_HELLO_MS, undefined, MAX_HELLO_MS)),
    }),
  ),
  limits: v.optional(limitsRule),
  balance: v.optional(wordRule("bad-balance", BALANCES, OTHER_BALANCES)),
  health: v.optional(healthRule),
  dial: v.optional(dialRule),
  resolve: v.optional(closedMap({ interval: v.optional(boundedDurationRule(MIN_RESOLVE_MS)) })),
});

/** A Route document, each of its values judged. */
export type WrittenRoute = v.InferOutput<typeof routeSchema>;
