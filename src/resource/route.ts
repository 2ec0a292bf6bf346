// The Route dialect (design 5): what a person may write for one route, judged and with every default filled in.

import * as v from "valibot";

import type { Diagnostic } from "../base/diagnostic.ts";
import type { Cidr } from "../base/ip.ts";
import { type BackendSpec, backendsRule } from "./backend-rule.ts";
import { cidrsRule } from "./cidrs-rule.ts";
import { DEFAULT_CONNECT_MS, dialOf, dialRule, type DialSpec } from "./dial-rule.ts";
import type { HealthSpec, PassiveSpec } from "./health.ts";
import { healthOf, healthRule } from "./health-rule.ts";
import type { RouteLimits } from "./limits.ts";
import { limitsOf, limitsRule } from "./limits-rule.ts";
import { type ListenSpec, listenRule } from "./listen-rule.ts";
import { isRouteName, nameRule } from "./name-rule.ts";
import type { Origin } from "./origin.ts";
import type { ProxyAcceptSpec, ProxySend } from "./proxy.ts";
import { checkTogether, type Fail } from "./route-together.ts";
import { closedMap, isMap, type LaterKeys, toDiagnostic } from "./rule.ts";
import { boundedDurationRule, durationRule, wordRule } from "./scalar-rule.ts";
import type { CertificateRule, TlsSpec, UpstreamTlsSpec } from "./tls.ts";

export type { BackendSpec } from "./backend-rule.ts";
export type { DialSpec } from "./dial-rule.ts";
export type { ListenSpec } from "./listen-rule.ts";

/** Milliseconds; 0 means no limit. */
export interface RouteTimeouts {
  /** For finding a backend that accepts, all attempts together. */
  readonly connectMs: number;
  /** Without a byte in either direction. */
  readonly idleMs: number;
  /** Without a byte, once one side has sent FIN. */
  readonly halfCloseMs: number;
  /** Since the connection was accepted. */
  readonly lifetimeMs: number;
  /** For all that a client has to say before its route is known: PROXY header, first TLS message, handshake. */
  readonly helloMs: number;
}

/** What clients speak, as far as the gateway has to know. */
export type Protocol = "tcp" | "postgres";

/** How a target is chosen among the usable ones. */
export type Balance = "round-robin" | "least-connections" | "random" | "source-hash";

/** One validated Route document. */
export interface RouteResource {
  readonly kind: "Route";
  /** `name:`, or the file's name without its extension. Unique among all routes. */
  readonly name: string;
  readonly origin: Origin;
  readonly listen: readonly ListenSpec[];
  readonly backends: readonly BackendSpec[];
  /** Who may connect; empty means everyone. */
  readonly allow: readonly Cidr[];
  /** Who may not; wins over `allow`. */
  readonly deny: readonly Cidr[];
  /** `match.sources`: only clients from here belong to this route; empty means all. The most specific route wins. */
  readonly sources: readonly Cidr[];
  /** `match.alpn`: only TLS clients that offer one of these belong to this route; empty means all. */
  readonly alpn: readonly string[];
  /** `match.clientCert`: only clients whose valid certificate fits one of these; empty means all. Wants termination. */
  readonly clientCert: readonly CertificateRule[];
  readonly protocol: Protocol;
  /** Absent: the route's clients do not speak TLS, as far as the gateway cares. */
  readonly tls?: TlsSpec;
  readonly upstreamTls?: UpstreamTlsSpec;
  readonly proxyAccept?: ProxyAcceptSpec;
  readonly proxySend?: ProxySend;
  readonly timeouts: RouteTimeouts;
  readonly limits: RouteLimits;
  readonly balance: Balance;
  readonly health?: HealthSpec;
  readonly passive?: PassiveSpec;
  readonly onDown: "keep" | "kill";
  readonly slowStartMs: number;
  readonly dial: DialSpec;
  readonly resolveIntervalMs: number;
}

/** Longer than the keep-alive of most protocols. */
const DEFAULT_IDLE_MS = 3_600_000;
/** A peer that has only to finish its answer; never less than minutes (design 4). */
const DEFAULT_HALF_CLOSE_MS = 600_000;
/** A client that has something to say first says it at once; a handshake takes a few round trips. */
const DEFAULT_HELLO_MS = 5_000;

/** A change of a name is noticed soon, and its server asked seldom. */
const DEFAULT_RESOLVE_MS = 15_000;
const MIN_RESOLVE_MS = 1_000;

/** Nobody reads more, and finding what each of a million unknown keys was meant to be would take seconds. */
const MAX_ISSUES = 200;

const BALANCES = ["round-robin", "least-connections", "random", "source-hash"] as const;
/** What others call them. */
const OTHER_BALANCES: Readonly<Record<string, Balance>> = {
  rr: "round-robin",
  roundrobin: "round-robin",
  leastconn: "least-connections",
  leastconns: "least-connections",
  hash: "source-hash",
  source: "source-hash",
  iphash: "source-hash",
  sticky: "source-hash",
};

/** Keys of later versions. They are refused by name: to ignore `tls` or `policy` would open what was meant to be shut. */
const LATER_KEYS: LaterKeys = new Set(["proxyProtocol", "tls", "upstreamTls", "policy", "timeouts.hello"]);

const routeSchema = closedMap({
  name: v.optional(nameRule),
  listen: listenRule,
  backends: backendsRule,
  allow: v.optional(cidrsRule),
  deny: v.optional(cidrsRule),
  match: v.optional(closedMap({ sources: v.optional(cidrsRule) })),
  timeouts: v.optional(
    closedMap({
      connect: v.optional(durationRule),
      idle: v.optional(durationRule),
      halfClose: v.optional(durationRule),
      lifetime: v.optional(durationRule),
    }),
  ),
  limits: v.optional(limitsRule),
  balance: v.optional(wordRule("bad-balance", BALANCES, OTHER_BALANCES)),
  health: v.optional(healthRule),
  dial: v.optional(dialRule),
  resolve: v.optional(closedMap({ interval: v.optional(boundedDurationRule(MIN_RESOLVE_MS)) })),
});

/** The part of a route that says which clients are its own. */
const claimSchema = v.object({
  name: v.optional(v.string()),
  listen: listenRule,
  match: v.object({ sources: cidrsRule }),
});

/** The outcome of reading one Route document: the route unless it has an error, and everything there is to say about it. */
export interface DecodedRoute {
  readonly resource?: RouteResource;
  /**
   * In place of a route with an error that takes some sources away from a more general one: the same claim, refusing
   * everybody. Without it those clients would get the general route, and whatever this one denies them.
   */
  readonly closed?: RouteResource;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Judges one Route document and fills in every default. `defaultName` is the name it has without `name:`; `undefined` when
 * it must name itself. Reports all mistakes at once; never throws.
 */
export function decodeRoute(document: unknown, origin: Origin, defaultName: string | undefined): DecodedRoute {
  const result = v.safeParse(routeSchema, document);
  const diagnostics = result.success
    ? []
    : result.issues.slice(0, MAX_ISSUES).map((issue) => toDiagnostic(issue, "route", origin, LATER_KEYS));
  const fail: Fail = (code, message, path, hint, part) => {
    const place = { file: origin.file, ...origin.locate(path, part) };
    diagnostics.push({ ...place, severity: "error", code, message, ...(hint === undefined ? {} : { hint }) });
  };
  if (isMap(document)) {
    if (!("name" in document)) checkDefaultName(defaultName, fail);
    checkTogether(document, fail);
  }
  const name = result.success ? (result.output.name ?? defaultName) : undefined;
  if (!result.success || name === undefined || diagnostics.length > 0) {
    const closed = closedRoute(document, origin, defaultName);
    return { ...(closed === undefined ? {} : { closed }), diagnostics };
  }
  const written = result.output;
  const resource: RouteResource = {
    kind: "Route",
    name,
    origin,
    listen: written.listen,
    backends: written.backends,
    allow: written.allow ?? [],
    deny: written.deny ?? [],
    sources: written.match?.sources ?? [],
    alpn: [],
    clientCert: [],
    protocol: "tcp",
    timeouts: {
      connectMs: written.timeouts?.connect ?? DEFAULT_CONNECT_MS,
      idleMs: written.timeouts?.idle ?? DEFAULT_IDLE_MS,
      halfCloseMs: written.timeouts?.halfClose ?? DEFAULT_HALF_CLOSE_MS,
      lifetimeMs: written.timeouts?.lifetime ?? 0,
      helloMs: DEFAULT_HELLO_MS,
    },
    limits: limitsOf(written.limits),
    balance: written.balance ?? "round-robin",
    ...healthOf(written.health),
    dial: dialOf(written.dial),
    resolveIntervalMs: written.resolve?.interval ?? DEFAULT_RESOLVE_MS,
  };
  return { resource, diagnostics };
}

/** Every address there is. */
export const EVERYBODY: readonly Cidr[] = [
  { ip: 0, prefix: 0 },
  { ip: new Uint32Array(4), prefix: 0 },
];

/** The claim of a document whose `listen` and `match` can be read, whatever else is wrong with it. */
function closedRoute(document: unknown, origin: Origin, defaultName: string | undefined): RouteResource | undefined {
  const claim = v.safeParse(claimSchema, document);
  if (!claim.success) return undefined;
  const { listen, match, name = defaultName } = claim.output;
  if (name === undefined || !isRouteName(name)) return undefined;
  return {
    kind: "Route",
    name,
    origin,
    listen,
    sources: match.sources,
    alpn: [],
    clientCert: [],
    protocol: "tcp",
    backends: [],
    allow: [],
    deny: EVERYBODY,
    timeouts: { connectMs: 0, idleMs: 0, halfCloseMs: 0, lifetimeMs: 0, helloMs: DEFAULT_HELLO_MS },
    limits: limitsOf(undefined),
    balance: "round-robin",
    ...healthOf(undefined),
    dial: dialOf(undefined),
    resolveIntervalMs: DEFAULT_RESOLVE_MS,
  };
}

function checkDefaultName(defaultName: string | undefined, fail: Fail): void {
  if (defaultName === undefined)
    fail("route/missing-name", "A further route in one file needs a name", [], 'Add "name:"');
  else if (!isRouteName(defaultName))
    fail("route/missing-name", "The file's name cannot be a route's name", [], 'Add "name:"');
}
