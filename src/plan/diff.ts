// What a reload changes, as names for people: which routes came, went, changed or stayed. Pure.

import { isDeepStrictEqual } from "node:util";

import type { Plan } from "./plan.ts";

/** Names of routes, each list in the order of the plan it is from. */
export interface PlanDiff {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

/** Compares two plans route by route. Where a route is written does not matter, nor who shares its listeners. */
export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const old = describeRoutes(before);
  const added: string[] = [];
  const changed: string[] = [];
  const unchanged: string[] = [];
  for (const [name, route] of describeRoutes(after)) {
    const earlier = old.get(name);
    if (earlier === undefined) added.push(name);
    else if (isDeepStrictEqual(earlier, route)) unchanged.push(name);
    else changed.push(name);
    old.delete(name);
  }
  return { added, changed, removed: Array.from(old.keys()), unchanged };
}

/** Everything that makes a connection through a route what it is. */
function describeRoutes(plan: Plan): Map<string, object> {
  const listeners = new Map<string, { name: string; portOffset: number }[]>();
  for (const { name, entries } of plan.listeners) {
    for (const { route, portOffset } of entries) {
      const own = listeners.get(route);
      if (own === undefined) listeners.set(route, [{ name, portOffset }]);
      else own.push({ name, portOffset });
    }
  }
  const pools = new Map(plan.pools.map((pool) => [pool.name, pool]));
  return new Map(
    plan.routes.map(({ file: _file, line: _line, ...route }) => [
      route.name,
      {
        ...route,
        listeners: listeners.get(route.name),
        pools: route.pools.map(({ pool, weight }) => ({ weight, pool: pools.get(pool) })),
      },
    ]),
  );
}
