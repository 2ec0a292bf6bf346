// The Route dialect (design 5): what a person may write for one route, judged and with every default filled in.

import * as v from "valibot";

import type { Diagnostic, Severity } from "../base/diagnostic.ts";
import type { Cidr } from "../base/ip.ts";
import { readClaim } from "./claim.ts";
import { DEFAULT_CONNECT_MS } from "./dial-rule.ts";
import type { RouteLimits } from "./limits.ts";
import { limitsOf } from "./limits-rule.ts";
import type { ListenSpec } from "./listen-rule.ts";
import { isRouteName } from "./name-rule.ts";
import type { Origin } from "./origin.ts";
import { type PoolShare, poolOf, type RefusedShare } from "./pool.ts";
import type { ProxyAcceptSpec } from "./proxy.ts";
import { KNOWN_STRANGERS, routeSchema, type WrittenRoute } from "./route-schema.ts";
import { checkTogether, type Fail } from "./route-together.ts";
import { isMap, toDiagnostic } from "./rule.ts";
import type { TrafficPolicy } from "./traffic-policy/policy.ts";
import { warnOfPolicy } from "./traffic-policy/traffic-policy-rule.ts";
import type { CertificateRule, TlsSpec } from "./tls.ts";
import { checkTls } from "./tls-together.ts";
import { tlsOf } from "./tls-rule.ts";

export type { BackendSpec } from "./backend-rule.ts";
export type { DialSpec } from "./dial-rule.ts";
export type { ListenSpec } from "./listen-rule.ts";
export type { Balance, PoolShare, PoolSpec, RefusedShare } from "./pool.ts";

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

/** What a route is called where endpoints are: in expressions of policies, and by policies that forward to it. */
export interface EndpointName {
  /** As its resource is told apart from all others. */
  readonly id: string;
  readonly url: string;
  readonly scheme: "tcp" | "tls";
  /** Lower case; `*.` in front of an internal one stands for any names. */
  readonly host: string;
  readonly port: number;
}

/** What clients speak, as far as the gateway has to know. */
export type Protocol = "tcp" | "postgres";

/** One validated route: a Route document, or what another dialect makes of its own. */
export interface RouteResource {
  readonly kind: "Route";
  /** `name:`, or the file's name without its extension. Unique among all routes. */
  readonly name: string;
  readonly origin: Origin;
  readonly listen: readonly ListenSpec[];
  /** Who gets its clients, each by its share; with neither pools nor `refused` it is closed, see `plan/closed.ts`. */
  readonly pools: readonly PoolShare[];
  /** The share of its clients that nobody gets; absent: none. */
  readonly refused?: RefusedShare;
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
  readonly proxyAccept?: ProxyAcceptSpec;
  readonly timeouts: RouteTimeouts;
  readonly limits: RouteLimits;
  /** Decides about each client that the route admits; absent: its pools get them. */
  readonly policy?: TrafficPolicy;
  /** Absent: it is known by its name and its listener. */
  readonly endpoint?: EndpointName;
  /** It gets the clients that policies forward to its `endpoint`, and has no addresses to listen on. */
  readonly internal?: true;
  /**
   * Names of routes, in place of pools: each client goes to one of them at random, and to the next one when that has no backend. Those
   * have no addresses to listen on.
   */
  readonly members?: readonly string[];
  /** It takes no address of its own: where others have it, its clients are refused and not theirs. */
  readonly claimOnly?: true;
  /** Its addresses are nobody else's, whomever others match. */
  readonly alone?: true;
  /**
   * How grave it is that it does not get what it claims; absent: an error, for which its whole file is put back to its last
   * good version. `warning`: a status of its own says it.
   */
  readonly conflicts?: "warning";
}

/** Longer than the keep-alive of most protocols. */
const DEFAULT_IDLE_MS = 3_600_000;
/** A peer that has only to finish its answer; never less than minutes (design 4). */
const DEFAULT_HALF_CLOSE_MS = 600_000;
/** A client that has something to say first says it at once; a handshake takes a few round trips. */
const DEFAULT_HELLO_MS = 5_000;

/** Of a route that says nothing of them. */
export const DEFAULT_TIMEOUTS: RouteTimeouts = {
  connectMs: DEFAULT_CONNECT_MS,
  idleMs: DEFAULT_IDLE_MS,
  halfCloseMs: DEFAULT_HALF_CLOSE_MS,
  lifetimeMs: 0,
  helloMs: DEFAULT_HELLO_MS,
};
/** Nobody reads more, and finding what each of a million unknown keys was meant to be would take seconds. */
const MAX_ISSUES = 200;

/** The outcome of reading one Route document: the route unless it has an error, and everything there is to say about it. */
export interface DecodedRoute {
  readonly resource?: RouteResource;
  /**
   * In place of a route with an error that takes some clients away from a more general one: the same claim, refusing
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
    : result.issues.slice(0, MAX_ISSUES).map((issue) => toDiagnostic(issue, "route", origin, KNOWN_STRANGERS));
  const say =
    (severity: Severity): Fail =>
    (code, message, path, hint, part) => {
      const place = { file: origin.file, ...origin.locate(path, part) };
      diagnostics.push({ ...place, severity, code, message, ...(hint === undefined ? {} : { hint }) });
    };
  const fail = say("error");
  if (isMap(document)) {
    if (!("name" in document)) checkDefaultName(defaultName, fail);
    checkTogether(document, fail);
    checkTls(document, fail, say("warning"));
    if ("policy" in document) warnOfPolicy(document["policy"], ["policy"], say("warning"));
  }
  const failed = diagnostics.some(({ severity }) => severity === "error");
  const resource = result.success && !failed ? resourceOf(result.output, origin, defaultName) : undefined;
  if (resource !== undefined) return { resource, diagnostics };
  const closed = closedRoute(document, origin, defaultName);
  return { ...(closed === undefined ? {} : { closed }), diagnostics };
}

/** What a route says of itself, or by what it leaves out; `undefined` when it lacks something that it was told to have. */
function resourceOf(written: WrittenRoute, origin: Origin, defaultName: string | undefined): RouteResource | undefined {
  const { name = defaultName, match, protocol = "tcp", proxyProtocol } = written;
  const alpn = match?.alpn ?? [];
  const tls = written.tls === undefined ? undefined : tlsOf(written.tls, { alpn, protocol });
  if (name === undefined || (written.tls !== undefined && tls === undefined)) return undefined;
  return {
    kind: "Route",
    name,
    origin,
    listen: written.listen,
    pools: [poolOf(written)],
    allow: written.allow ?? [],
    deny: written.deny ?? [],
    sources: match?.sources ?? [],
    alpn,
    clientCert: match?.clientCert ?? [],
    protocol,
    ...(tls === undefined ? {} : { tls }),
    ...(proxyProtocol?.accept === undefined ? {} : { proxyAccept: proxyProtocol.accept }),
    timeouts: {
      connectMs: written.timeouts?.connect ?? DEFAULT_TIMEOUTS.connectMs,
      idleMs: written.timeouts?.idle ?? DEFAULT_TIMEOUTS.idleMs,
      halfCloseMs: written.timeouts?.halfClose ?? DEFAULT_TIMEOUTS.halfCloseMs,
      lifetimeMs: written.timeouts?.lifetime ?? DEFAULT_TIMEOUTS.lifetimeMs,
      helloMs: written.timeouts?.hello ?? DEFAULT_TIMEOUTS.helloMs,
    },
    limits: limitsOf(written.limits),
    ...(written.policy === undefined ? {} : { policy: written.policy }),
  };
}

/** Every address there is. */
export const EVERYBODY: readonly Cidr[] = [
  { ip: 0, prefix: 0 },
  { ip: new Uint32Array(4), prefix: 0 },
];

/** What a closed route is called that has no name, or has one that is another route's: no route could choose it. */
export function closedNameOf({ file, locate }: Origin): string {
  return `closed:${file}:${locate([]).line}`;
}

/** The claim of a document that says whom it is for, whatever else is wrong with it. */
export function closedRoute(
  document: unknown,
  origin: Origin,
  defaultName: string | undefined,
): RouteResource | undefined {
  const claim = isMap(document) ? readClaim(document) : undefined;
  if (claim === undefined) return undefined;
  const written = isMap(document) && "name" in document ? document["name"] : defaultName;
  const name = typeof written === "string" && isRouteName(written) ? written : closedNameOf(origin);
  return {
    kind: "Route",
    name,
    origin,
    ...claim,
    pools: [],
    allow: [],
    deny: EVERYBODY,
    timeouts: { connectMs: 0, idleMs: 0, halfCloseMs: 0, lifetimeMs: 0, helloMs: DEFAULT_HELLO_MS },
    limits: limitsOf(undefined),
  };
}

function checkDefaultName(defaultName: string | undefined, fail: Fail): void {
  if (defaultName === undefined)
    fail("route/missing-name", "A further route in one file needs a name", [], 'Add "name:"');
  else if (!isRouteName(defaultName))
    fail("route/missing-name", "The file's name cannot be a route's name", [], 'Add "name:"');
}
