// What was compiled of routes before, by the route itself: a caller that keeps it, and gives the same objects for what did not
// change, pays for what did. Everything in it could be made again.

import { changedWindow } from "../base/changed-window.ts";
import type { CidrMap } from "../base/cidr-map.ts";
import type { Cidr } from "../base/ip.ts";
import type { Credentials } from "../resource/credentials.ts";
import type { RouteResource } from "../resource/route.ts";
import type { Claimant } from "./claim.ts";
import type { ListenerPlan, PoolPlan, RoutePlan } from "./plan.ts";
import { PrefixSets } from "./policy-plan.ts";

/** A route and its pools, as compiled with some certificates. */
export interface CompiledRoute {
  readonly plan: RoutePlan;
  readonly pools: readonly PoolPlan[];
  /** What its words for certificates stood for. */
  readonly certificates: readonly unknown[];
}

/** Whether names are there once, found by what has changed since it was asked last. */
export class Names {
  /** What was asked about last, if all had names of their own. */
  #last: readonly RouteResource[] = [];
  /** Of `#last`. */
  readonly #names = new Set<string>();

  isUnique(routes: readonly RouteResource[]): boolean {
    const { removed, added } = changedWindow(this.#last, routes);
    for (const { name } of removed) this.#names.delete(name);
    for (const { name } of added) this.#names.add(name);
    const unique = this.#names.size === routes.length;
    this.#last = unique ? routes : [];
    if (!unique) this.#names.clear();
    return unique;
  }
}

export class CompileMemo {
  readonly names = new Names();
  /** Compiled sets by the list they were made from. */
  readonly sets = new WeakMap<readonly Cidr[], CidrMap>();
  readonly prefixes = new PrefixSets();
  readonly routes = new WeakMap<RouteResource, CompiledRoute>();
  readonly claimants = new WeakMap<RouteResource, Claimant>();
  /** Of routes that share no port with others. */
  readonly listeners = new WeakMap<RouteResource, readonly ListenerPlan[]>();
  /** Routes that do not dial themselves. */
  readonly harmless = new WeakSet<RouteResource>();
}

/** What a route's words for certificates stand for now. */
export function certificatesOf({ tls, pools }: RouteResource, credentials: Credentials): readonly unknown[] {
  const found: unknown[] = [];
  if (tls?.mode === "terminate") {
    found.push(credentials.identities.get(tls.identity));
    if (tls.clientAuth !== undefined) found.push(credentials.trusts.get(tls.clientAuth.trust));
  }
  for (const { spec } of pools) {
    const { trust, identity } = spec.upstreamTls ?? {};
    if (trust !== undefined) found.push(credentials.trusts.get(trust));
    if (identity !== undefined) found.push(credentials.identities.get(identity));
  }
  return found;
}
