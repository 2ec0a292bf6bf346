// Routes that share no port with others. Nobody is in their way, which spares most of what it takes to find out who gets what:
// with thousands of routes on as many ports it is most of the work.

import type { RouteResource } from "../resource/route.ts";
import type { Claimant } from "./claim.ts";

const PORTS = 65_536;

/** The routes whose ports nobody else wants, each of them on one address. */
export function findLonely(claimants: readonly Claimant[]): ReadonlySet<RouteResource> {
  const counts = new Uint32Array(PORTS);
  for (const { claims } of claimants) for (const { port } of claims) counts[port] = (counts[port] ?? 0) + 1;
  const lonely = new Set<RouteResource>();
  for (const { route, claims } of claimants) {
    // Port 0 is another one each time, and named differently.
    if (claims.length > 0 && claims.every(({ port }) => port !== 0 && counts[port] === 1)) lonely.add(route);
  }
  return lonely;
}
