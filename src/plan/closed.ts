// Routes that cannot run. One that takes clients away from a more general route keeps its claim and refuses them: they must
// not get the general one, and whatever this one denies them. Why it cannot run is for others to find and to tell.

import { EVERYBODY, type RouteResource } from "../resource/route.ts";
import type { RoutePlan } from "./plan.ts";

/** Whether a route, compiled or not, is only a claim that refuses everybody. */
export function isClosed({ pools, refused, members }: RouteResource | RoutePlan): boolean {
  return pools.length === 0 && refused === undefined && members === undefined;
}

/** The routes without those that are `broken`; in place of each that takes clients away its claim, closed. */
export function closeRoutes(
  routes: readonly RouteResource[],
  broken: ReadonlySet<RouteResource>,
): readonly RouteResource[] {
  if (broken.size === 0) return routes;
  const crowded = crowdedPorts(routes);
  return routes.flatMap((route) => {
    if (!broken.has(route)) return [route];
    return isNarrow(route) || (route.tls !== undefined && sharesPort(route, crowded)) ? [closeRoute(route)] : [];
  });
}

/** Whether a route leaves some clients of its addresses to others by what it matches. */
export function isNarrow({ sources, alpn, clientCert, tls }: RouteResource): boolean {
  return sources.length > 0 || alpn.length > 0 || clientCert.length > 0 || (tls?.hostnames.length ?? 0) > 0;
}

/** The same claim; passing through wants nothing that could not be read. */
export function closeRoute(route: RouteResource): RouteResource {
  const { tls, refused: _nobody, members: _others, policy: _policy, ...rest } = route;
  const matchesTls = tls !== undefined || route.alpn.length > 0 || route.clientCert.length > 0;
  const closed: RouteResource = { ...rest, pools: [], allow: [], deny: EVERYBODY };
  return matchesTls ? { ...closed, tls: { mode: "passthrough", hostnames: tls?.hostnames ?? [] } } : closed;
}

/** Number of routes by port, whatever the host. */
function crowdedPorts(routes: readonly RouteResource[]): Uint32Array {
  const counts = new Uint32Array(65_536);
  const counted = new Uint32Array(65_536);
  for (const [index, { listen }] of routes.entries()) {
    for (const { firstPort, lastPort } of listen) {
      for (let port = firstPort; port <= lastPort; port++) {
        // A route that has a port twice is one of its routes.
        if (counted[port] === index + 1) continue;
        counted[port] = index + 1;
        counts[port] = (counts[port] ?? 0) + 1;
      }
    }
  }
  return counts;
}

function sharesPort({ listen }: RouteResource, counts: Uint32Array): boolean {
  return listen.some(({ firstPort, lastPort }) => counts.subarray(firstPort, lastPort + 1).some((count) => count > 1));
}
