// Rules for keys that a Route has and that policies of the other dialects have too, where they are too small for a file of
// their own. What they must not say together is `route-together.ts`.

import * as v from "valibot";

import { closedMap } from "./rule.ts";
import { boundedDurationRule, durationRule, wordRule } from "./scalar-rule.ts";

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

/** What clients speak. */
export const protocolRule = wordRule("bad-protocol", PROTOCOLS, OTHER_PROTOCOLS);

/** How a target is chosen. */
export const balanceRule = wordRule("bad-balance", BALANCES, OTHER_BALANCES);

/** How long anything may take. */
export const timeoutsRule = closedMap({
  connect: v.optional(durationRule),
  idle: v.optional(durationRule),
  halfClose: v.optional(durationRule),
  lifetime: v.optional(durationRule),
  hello: v.optional(boundedDurationRule(MIN_HELLO_MS, undefined, MAX_HELLO_MS)),
});

/** How often names are looked up. */
export const resolveRule = closedMap({ interval: v.optional(boundedDurationRule(MIN_RESOLVE_MS)) });
