// All resources in, one plan out. Pure: no files, no sockets, no clock. A route that cannot have what it asks for is left
// out or closed with a diagnostic, and everything else goes on. Who may have an address is `claims.ts`.

import { compareDiagnostics, type Diagnostic } from "../base/diagnostic.ts";
import type { Credentials } from "../resource/credentials.ts";
import { isStored } from "../resource/origin.ts";
import { closedNameOf, type RouteResource } from "../resource/route.ts";
import { type Claimant, claimsOf, countClaims } from "./claim.ts";
import { settleClaims } from "./claims.ts";
import { closeRoutes, isClosed } from "./closed.ts";
import { Findings } from "./findings.ts";
import { compileInternals } from "./internals.ts";
import { compileListeners } from "./listeners.ts";
import { findLonely } from "./lonely.ts";
import { findLoops } from "./loops.ts";
import { closeLosers } from "./losers.ts";
import { certificatesOf, CompileMemo, type CompiledRoute } from "./memo.ts";
import type { Plan } from "./plan.ts";
import { compilePools, compileRoute, SourceSets } from "./routes.ts";
import { findUnusable } from "./tls-plan.ts";
import { tellUnknownEndpoints } from "./unknown-endpoints.ts";

/** What a plan depends on besides the resources. */
export interface CompileOptions {
  /** IPs that a `listen` without a host binds; empty means all addresses. */
  readonly bind: readonly string[];
  /** Certificates that the resources refer to. */
  readonly credentials: Credentials;
  /** What was compiled before, with the same `bind`; a caller that keeps it pays only for what changed. */
  readonly memo?: CompileMemo;
}

/** More sockets than a machine is set up to have, and still quick to compare; two addresses with every port. */
const MAX_LISTENERS = 131_072;

/** A plan, and why some routes are not in it. */
export interface CompiledPlan {
  readonly plan: Plan;
  /** Sorted. */
  readonly diagnostics: readonly Diagnostic[];
  /**
   * Route name → why, for every route that did not get all that it claims. Not of one that was closed before, nor of one whose name
   * is another route's: both are told elsewhere.
   */
  readonly refusals: ReadonlyMap<string, string>;
}

/**
 * Compiles resources, given in order of precedence. What a route of `previous` has, a newcomer does not take from it; among
 * newcomers the first one wins.
 */
export function compilePlan(
  resources: readonly RouteResource[],
  options: CompileOptions,
  previous?: Plan,
): CompiledPlan {
  const { credentials, memo = new CompileMemo() } = options;
  const findings = new Findings();
  const { diagnostics, refusals } = findings;
  const nameless: RouteResource[] = [];
  const named = memo.names.isUnique(resources)
    ? resources
    : dropDuplicateNames(resources, previous, nameless, diagnostics);
  const wanted = named.every(isWanted) ? named : named.filter(isWanted);
  const affordable = dropTooMany(wanted, options.bind, findings);
  const loops = findLoops(affordable, options.bind, findings, memo);
  const unusable = findUnusable(affordable, credentials);
  for (const route of unusable) findings.noteUnusable(route);
  const sound = closeRoutes(affordable, loops.union(unusable));
  const claimants = sound.map((route) => claimantOf(route, options.bind, memo));
  const lonely = findLonely(claimants);
  const crowded = lonely.size === claimants.length ? [] : claimants.filter(({ route }) => !lonely.has(route));
  const winners = settleClaims(crowded, credentials, previous, findings);
  const isPlaced = (route: RouteResource): boolean => lonely.has(route) || winners.has(route);
  const settled = crowded.length === 0 ? claimants : claimants.filter(({ route }) => isPlaced(route));
  const losers = [
    ...(crowded.length === 0 ? [] : sound.filter((route) => !isPlaced(route))),
    ...missingFrom(affordable, named),
    ...nameless,
  ];
  const closed = closeLosers(losers, settled, options.bind);
  const placed = [...settled, ...closed];
  // Losers are among those whose ports nobody else had.
  const apart = closed.length === 0 ? lonely : findLonely(placed);
  const routes = placed.map(({ route }) => route);
  const sets = new SourceSets(memo.sets);
  const compiled = routes.map((route) => compileOnce(route, credentials, sets, memo));
  const internals = compileInternals(routes);
  diagnostics.push(...tellUnknownEndpoints(routes, internals));
  const plan: Plan = {
    listeners: compileListeners(placed, sets, diagnostics, { lonely: apart, memo }),
    routes: compiled.map((each) => each.plan),
    pools: compiled.flatMap(({ pools }) => pools),
    ...(internals.length === 0 ? {} : { internals }),
  };
  return { plan, diagnostics: diagnostics.toSorted(compareDiagnostics), refusals };
}

function isWanted({ claimOnly }: RouteResource): boolean {
  return claimOnly !== true;
}

function claimantOf(route: RouteResource, bind: readonly string[], { claimants }: CompileMemo): Claimant {
  const known = claimants.get(route);
  if (known !== undefined) return known;
  const claimant = { route, claims: claimsOf(route, bind) };
  claimants.set(route, claimant);
  return claimant;
}

/** What was compiled before, as long as its certificates are the same. */
function compileOnce(
  route: RouteResource,
  credentials: Credentials,
  sets: SourceSets,
  { routes, prefixes }: CompileMemo,
): CompiledRoute {
  const certificates = certificatesOf(route, credentials);
  const known = routes.get(route);
  if (known !== undefined && certificates.every((each, index) => each === known.certificates[index])) return known;
  const plan = compileRoute(route, credentials, sets, prefixes);
  const compiled = { plan, pools: compilePools(route, credentials), certificates };
  routes.set(route, compiled);
  return compiled;
}

/**
 * One route for each name: documents of the admin API win over files, what can run over what is closed, what runs over what
 * is new, the first over others. The losers are `nameless` then, unless a document is meant to be in their place.
 */
function dropDuplicateNames(
  resources: readonly RouteResource[],
  previous: Plan | undefined,
  nameless: RouteResource[],
  diagnostics: Diagnostic[],
): readonly RouteResource[] {
  const owners = new Map<string, RouteResource>();
  for (const route of resources) if (!owners.has(route.name)) owners.set(route.name, route);
  const running = new Map(previous?.routes.map((route) => [route.name, route.file]));
  for (const route of resources) {
    const owner = owners.get(route.name);
    if (owner === undefined || precedes(route, owner, running)) owners.set(route.name, route);
  }
  return resources.filter((route) => {
    const owner = owners.get(route.name);
    if (owner === undefined || owner === route) return true;
    const { line, column } = owner.origin.locate(["name"]);
    const stored = isStored(owner.origin) && !isStored(route.origin);
    if (!stored) nameless.push({ ...route, name: closedNameOf(route.origin) });
    diagnostics.push({
      file: route.origin.file,
      ...route.origin.locate(["name"]),
      severity: stored ? "warning" : (route.conflicts ?? "error"),
      code: stored ? "plan/overridden" : "plan/duplicate-name",
      message: stored
        ? `Route "${route.name}" is replaced by ${owner.origin.file}, which was put through the admin API`
        : `Route "${route.name}" is already defined at ${owner.origin.file}:${line}:${column}`,
    });
    return false;
  });
}

/** Whether a route takes its name from an earlier one: a document keeps it from a file. `running` are files by name. */
function precedes(route: RouteResource, owner: RouteResource, running: ReadonlyMap<string, string>): boolean {
  if (isStored(owner.origin) !== isStored(route.origin)) return false;
  if (isClosed(owner) !== isClosed(route)) return isClosed(owner);
  return owner.origin.file !== route.origin.file && running.get(route.name) === route.origin.file;
}

/** Routes until there are more listeners than any plan can have; each further one is refused before it costs memory. */
function dropTooMany(
  routes: readonly RouteResource[],
  bind: readonly string[],
  findings: Findings,
): readonly RouteResource[] {
  let listeners = 0;
  return routes.filter((route) => {
    const count = countClaims(route, bind);
    if (listeners + count <= MAX_LISTENERS) {
      listeners += count;
      return true;
    }
    const message = `Cannot listen on ${count} more addresses: a plan can have ${MAX_LISTENERS}`;
    findings.refuse(route, { path: ["listen"], code: "plan/too-many-listeners", message });
    return false;
  });
}

/** Routes of `all` that are not in a part of it. */
function missingFrom(part: readonly RouteResource[], all: readonly RouteResource[]): readonly RouteResource[] {
  if (part.length === all.length) return [];
  const found = new Set(part);
  return all.filter((route) => !found.has(route));
}
