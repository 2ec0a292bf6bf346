// The addresses and ports that a route claims by its `listen`. Who gets them is `claims.ts`.

import { formatHostPort } from "../base/address.ts";
import type { ValuePath } from "../resource/origin.ts";
import type { RouteResource } from "../resource/route.ts";

/** All addresses. */
export const ALL = "::";
/** All IPv4 addresses, and no IPv6 one. */
export const ALL_IPV4 = "0.0.0.0";

/** One address and port that one route wants. */
export interface Claim {
  /** The listener's name, see `ListenerPlan`. Port 0 is another port each time, so its name also has the route's. */
  readonly name: string;
  /** Absent for all addresses. */
  readonly host?: string;
  readonly port: number;
  readonly portOffset: number;
  /** Where it was written. */
  readonly path: ValuePath;
}

/** A route and all that it claims. */
export interface Claimant {
  readonly route: RouteResource;
  readonly claims: readonly Claim[];
}

/** All addresses and ports of a route; `bind` are the hosts of a `listen` without one. */
export function claimsOf(route: RouteResource, bind: readonly string[]): readonly Claim[] {
  const claims: Claim[] = [];
  let ephemeral = 0;
  for (const [index, { host, firstPort, lastPort }] of route.listen.entries()) {
    for (const each of hostsOf(host, bind)) {
      const all = each === ALL;
      for (let port = firstPort; port <= lastPort; port++) {
        let name = formatHostPort(all ? "*" : each, port);
        if (port === 0) name += ephemeral++ === 0 ? `#${route.name}` : `#${route.name}.${ephemeral}`;
        const path = route.listen.length === 1 ? ["listen"] : ["listen", index];
        claims.push({ name, ...(all ? {} : { host: each }), port, portOffset: port - firstPort, path });
      }
    }
  }
  return claims;
}

/** The hosts of a `listen`, which are `bind` when it names none. */
export function hostsOf(host: string | undefined, bind: readonly string[]): readonly string[] {
  if (host !== undefined) return [host];
  return bind.length > 0 ? bind : [ALL];
}

/** How many addresses a route claims, without making the list. */
export function countClaims(route: RouteResource, bind: readonly string[]): number {
  let count = 0;
  for (const { host, firstPort, lastPort } of route.listen) {
    count += (lastPort - firstPort + 1) * hostsOf(host, bind).length;
  }
  return count;
}
