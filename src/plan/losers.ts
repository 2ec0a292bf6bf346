// Routes that did not get what they claim. Those that take clients away from more general routes stay as claims that refuse
// everybody, behind all others: the clients of a loser must not get the general route, and winners keep theirs. Why a route
// lost is for others to find and to tell.

import type { RouteResource } from "../resource/route.ts";
import { ALL, ALL_IPV4, type Claim, type Claimant, hostsOf } from "./claim.ts";
import { closeRoute, isNarrow } from "./closed.ts";

/** Many times what a plan can have of others. What is beyond it is left out, or refusing a route could cost all memory. */
const MAX_CLAIMS = 1_000_000;

/**
 * The losers as closed routes, each on those listeners of winners where all clients may be its own. They make no listener and
 * conflict with nobody: whoever stands before them has what both match.
 */
export function closeLosers(
  losers: readonly RouteResource[],
  winners: readonly Claimant[],
  bind: readonly string[],
): readonly Claimant[] {
  const narrow = losers.filter((route) => isNarrow(route) || route.tls !== undefined);
  if (narrow.length === 0) return [];
  const listeners = listenersByPort(winners);
  const names = new Set(winners.map(({ route }) => route.name));
  const closed: Claimant[] = [];
  let left = MAX_CLAIMS;
  for (const route of narrow) {
    if (names.has(route.name)) continue;
    const claims = claimsAmong(listeners, route, bind);
    if (claims.length === 0 || claims.length > left) continue;
    left -= claims.length;
    names.add(route.name);
    closed.push({ route: closeRoute(route), claims });
  }
  return closed;
}

/** Port → listener name → one of the claims that made it. */
type Listeners = ReadonlyMap<number, ReadonlyMap<string, Claim>>;

function listenersByPort(claimants: readonly Claimant[]): Listeners {
  const byPort = new Map<number, Map<string, Claim>>();
  for (const { route, claims } of claimants) {
    // All of its clients are its own.
    if (route.alone === true) continue;
    for (const claim of claims) {
      // Another port each time: nobody else can mean it.
      if (claim.port === 0) continue;
      const byName = byPort.get(claim.port);
      if (byName === undefined) byPort.set(claim.port, new Map([[claim.name, claim]]));
      else if (!byName.has(claim.name)) byName.set(claim.name, claim);
    }
  }
  return byPort;
}

/** Those listeners whose whole address a route claims, each once. */
function claimsAmong(listeners: Listeners, route: RouteResource, bind: readonly string[]): readonly Claim[] {
  const found = new Map<string, Claim>();
  for (const { host, firstPort, lastPort } of route.listen) {
    const hosts = hostsOf(host, bind);
    for (let port = firstPort; port <= lastPort; port++) {
      for (const [name, claim] of listeners.get(port) ?? []) {
        if (hosts.some((each) => covers(each, claim.host))) found.set(name, { ...claim, portOffset: port - firstPort });
      }
    }
  }
  return Array.from(found.values());
}

/** Whether everything that comes in at `listener`, absent for all addresses, comes in at `host`. */
function covers(host: string, listener: string | undefined): boolean {
  return host === ALL || host === listener || (host === ALL_IPV4 && listener !== undefined && !listener.includes(":"));
}
