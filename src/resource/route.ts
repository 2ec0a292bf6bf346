// The Route dialect (design 5): what a person may write for one route, judged and with every default filled in.

import * as v from "valibot";

import type { Diagnostic } from "../base/diagnostic.ts";
import type { Cidr } from "../base/ip.ts";
import type { HealthSpec, PassiveSpec } from "./health.ts";
import { DEFAULT_QUEUE, type RouteLimits } from "./limits.ts";
import type { Origin, ValuePath } from "./origin.ts";
import {
  backendsRule,
  cidrsRule,
  connectionLimitRule,
  durationRule,
  type BackendSpec,
  isRouteName,
  type ListenSpec,
  listenRule,
  nameRule,
} from "./route-value.ts";
import { closedMap, type LaterKeys, toDiagnostic } from "./rule.ts";

export type { BackendSpec, ListenSpec } from "./route-value.ts";

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
}

/** How a target is chosen among the usable ones. */
export type Balance = "round-robin" | "least-connections" | "random" | "source-hash";

/** How a backend is dialled, within the connect timeout. */
export interface DialSpec {
  /** Dials for one client at most. */
  readonly attempts: number;
  /** For one dial, in milliseconds; 0: a share of what is left of the connect timeout. */
  readonly attemptMs: number;
}

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

/** Fails fast enough for a client to try elsewhere, and waits long enough for a loaded backend. */
const DEFAULT_CONNECT_MS = 5000;
/** Longer than the keep-alive of most protocols. */
const DEFAULT_IDLE_MS = 3_600_000;
/** A peer that has only to finish its answer; never less than minutes (design 4). */
const DEFAULT_HALF_CLOSE_MS = 600_000;

/** What a route says nothing of. */
const USUAL_POOL = {
  balance: "round-robin",
  passive: { failures: 3, earlyResetMs: 0, ejectMs: 10_000, maxEjectMs: 300_000, ejectLast: false },
  onDown: "keep",
  slowStartMs: 0,
  dial: { attempts: 10, attemptMs: 0 },
  resolveIntervalMs: 15_000,
} as const;

/** Nobody reads more, and finding what each of a million unknown keys was meant to be would take seconds. */
const MAX_ISSUES = 200;

/** Keys of later versions. They are refused by name: to ignore `tls` or `policy` would open what was meant to be shut. */
const LATER_KEYS: LaterKeys = new Set([
  "balance",
  "health",
  "proxyProtocol",
  "tls",
  "upstreamTls",
  "policy",
  "limits.perSource",
  "limits.rate",
  "timeouts.hello",
  "backends.*.backup",
]);

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
  limits: v.optional(closedMap({ connections: v.optional(connectionLimitRule) })),
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
  const closed = closedRoute(document, origin, defaultName);
  if (!result.success) {
    return {
      ...(closed === undefined ? {} : { closed }),
      diagnostics: result.issues.slice(0, MAX_ISSUES).map((issue) => toDiagnostic(issue, "route", origin, LATER_KEYS)),
    };
  }
  const written = result.output;
  const name = written.name ?? defaultName;
  const diagnostics: Diagnostic[] = [];
  const fail = (code: string, message: string, path: ValuePath, hint?: string): void => {
    const place = { file: origin.file, ...origin.locate(path) };
    diagnostics.push({ ...place, severity: "error", code, message, ...(hint === undefined ? {} : { hint }) });
  };
  if (name === undefined) fail("route/missing-name", "A further route in one file needs a name", [], 'Add "name:"');
  else if (!isRouteName(name))
    fail("route/missing-name", "The file's name cannot be a route's name", [], 'Add "name:"');
  checkBackends(written.listen, written.backends, fail);
  if (diagnostics.length > 0 || name === undefined) {
    return { ...(closed === undefined ? {} : { closed }), diagnostics };
  }
  const resource: RouteResource = {
    kind: "Route",
    name,
    origin,
    listen: written.listen,
    backends: written.backends,
    allow: written.allow ?? [],
    deny: written.deny ?? [],
    sources: written.match?.sources ?? [],
    timeouts: {
      connectMs: written.timeouts?.connect ?? DEFAULT_CONNECT_MS,
      idleMs: written.timeouts?.idle ?? DEFAULT_IDLE_MS,
      halfCloseMs: written.timeouts?.halfClose ?? DEFAULT_HALF_CLOSE_MS,
      lifetimeMs: written.timeouts?.lifetime ?? 0,
    },
    limits: { connections: written.limits?.connections ?? 0, queue: DEFAULT_QUEUE },
    ...USUAL_POOL,
  };
  return { resource, diagnostics };
}

const EVERYBODY: readonly Cidr[] = [
  { ip: 0, prefix: 0 },
  { ip: new Uint32Array(4), prefix: 0 },
];

/** The claim of a document whose `listen` and `match` can be read, whatever else is wrong with it. */
function closedRoute(document: unknown, origin: Origin, defaultName: string | undefined): RouteResource | undefined {
  const claim = v.safeParse(claimSchema, document);
  if (!claim.success) return undefined;
  const { listen, match, name = defaultName } = claim.output;
  if (name === undefined || !isRouteName(name)) return undefined;
  const timeouts = { connectMs: 0, idleMs: 0, halfCloseMs: 0, lifetimeMs: 0 };
  const nobody = {
    backends: [],
    allow: [],
    deny: EVERYBODY,
    timeouts,
    limits: { connections: 0, queue: DEFAULT_QUEUE },
  };
  return { kind: "Route", name, origin, listen, sources: match.sources, ...nobody, ...USUAL_POOL };
}

/** What a single value cannot tell: ranges of equal length, backends that differ, a weight that lets somebody in. */
function checkBackends(
  listen: readonly ListenSpec[],
  backends: readonly BackendSpec[],
  fail: (code: string, message: string, path: ValuePath) => void,
): void {
  const seen = new Set<string>();
  backends.forEach((backend, index) => {
    if (seen.has(backend.address))
      fail("route/duplicate-backend", `"${backend.address}" is listed twice`, ["backends", index]);
    seen.add(backend.address);
    const ports = "host" in backend ? backend.lastPort - backend.firstPort + 1 : 1;
    if (ports === 1) return;
    const other = listen.find((spec) => spec.lastPort - spec.firstPort + 1 !== ports);
    if (other === undefined) return;
    const count = other.lastPort - other.firstPort + 1;
    const message = `"${backend.address}" has ${ports} ports, but ${count} listened on: wanted is the same number, or one`;
    fail("route/range-mismatch", message, ["backends", index]);
  });
  if (backends.every(({ weight }) => weight === 0)) {
    fail("route/no-weight", "Every backend has weight 0: no connection could go anywhere", ["backends"]);
  }
}
