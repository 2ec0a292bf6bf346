// What a reload changes, as names for people: which routes came, went, changed or stayed. Pure.

import { isDeepStrictEqual } from "node:util";

import { changedWindow } from "../base/changed-window.ts";
import type { ListenerEntry, Plan, PoolPlan, RoutePlan } from "./plan.ts";

/** Names of routes, each list in the order of the plan it is from. */
export interface PlanDiff {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
}

/** Compares two plans route by route. Where a route is written does not matter, nor who shares its listeners. */
export function diffPlans(before: Plan, after: Plan): PlanDiff {
  const suspects = findSuspects(before, after);
  const old = describeRoutes(before, suspects);
  const current = describeRoutes(after, suspects);
  const added: string[] = [];
  const changed: string[] = [];
  const unchanged: string[] = [];
  for (const { name } of after.routes) {
    const route = current.get(name);
    const earlier = old.get(name);
    if (route === undefined) unchanged.push(name);
    else if (earlier === undefined) added.push(name);
    else if (isSame(earlier, route)) unchanged.push(name);
    else changed.push(name);
    old.delete(name);
  }
  return { added, changed, removed: Array.from(old.keys()), unchanged };
}

/**
 * Names of the routes that have to be looked at: those that are not the same object in both plans or have a pool or a listener that is
 * not. Of all others everything is the same, in the same order.
 */
function findSuspects(before: Plan, after: Plan): ReadonlySet<string> {
  const routes = changedWindow(before.routes, after.routes);
  const listeners = changedWindow(before.listeners, after.listeners);
  const pools = changedWindow(before.pools, after.pools);
  const suspects = new Set<string>();
  for (const { name } of [...routes.removed, ...routes.added]) suspects.add(name);
  for (const { entries } of [...listeners.removed, ...listeners.added]) {
    for (const { route } of entries) suspects.add(route);
  }
  const names = new Set([...pools.removed, ...pools.added].map(({ name }) => name));
  if (names.size === 0) return suspects;
  for (const plan of [before, after]) {
    for (const route of plan.routes) if (route.pools.some(({ pool }) => names.has(pool))) suspects.add(route.name);
  }
  return suspects;
}

/** Everything that makes a connection through a route what it is. */
interface RouteParts {
  readonly plan: RoutePlan;
  readonly pools: (PoolPlan | undefined)[];
  readonly listeners: { readonly name: string; readonly entry: ListenerEntry }[];
}

/** Of these routes, in the order of the plan. */
function describeRoutes({ routes, pools, listeners }: Plan, names: ReadonlySet<string>): Map<string, RouteParts> {
  const parts = new Map<string, RouteParts>();
  if (names.size === 0) return parts;
  const byName = new Map(pools.map((pool) => [pool.name, pool]));
  for (const plan of routes) {
    if (!names.has(plan.name)) continue;
    parts.set(plan.name, { plan, pools: plan.pools.map(({ pool }) => byName.get(pool)), listeners: [] });
  }
  for (const { name, entries } of listeners) {
    for (const entry of entries) parts.get(entry.route)?.listeners.push({ name, entry });
  }
  return parts;
}

/** What did not change is mostly the same object. */
function isSame(a: RouteParts, b: RouteParts): boolean {
  return (
    (a.plan === b.plan || isDeepStrictEqual(withoutPlace(a.plan), withoutPlace(b.plan))) &&
    isSameList(a.pools, b.pools) &&
    a.listeners.length === b.listeners.length &&
    a.listeners.every(({ name, entry }, index) => {
      const other = b.listeners[index];
      return name === other?.name && entry.portOffset === other.entry.portOffset;
    })
  );
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, index) => each === b[index] || isDeepStrictEqual(each, b[index]));
}

function withoutPlace({ file: _file, line: _line, ...rest }: RoutePlan): object {
  return rest;
}
