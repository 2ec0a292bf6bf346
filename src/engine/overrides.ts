// What was set by hand for backends of routes. It outlives the plan in which they are, and is there before they come.

import type { Pool } from "./pool/pool.ts";
import type { Route } from "./route.ts";
import type { BackendOverride, OverrideSettings } from "./snapshot.ts";

export class Overrides {
  /** By route, then by backend. */
  readonly #byRoute = new Map<string, Map<string, OverrideSettings>>();

  /** Remembers it, and sets it for the pools of a route that runs: one address in several of them is one backend for people. */
  set({ route, backend, ...settings }: BackendOverride, pools: readonly Pool[]): void {
    const ofRoute = this.#byRoute.get(route) ?? new Map<string, OverrideSettings>();
    const none = settings.weight === undefined && settings.state === undefined;
    if (none) ofRoute.delete(backend);
    else ofRoute.set(backend, settings);
    if (ofRoute.size === 0) this.#byRoute.delete(route);
    else this.#byRoute.set(route, ofRoute);
    for (const pool of pools) pool.setOverride(backend, none ? undefined : settings);
  }

  /** Sets all of them for routes that run with another plan now. */
  apply(routes: ReadonlyMap<string, Route>): void {
    for (const [name, ofRoute] of this.#byRoute) {
      for (const pool of routes.get(name)?.pools ?? []) {
        for (const [backend, settings] of ofRoute) pool.setOverride(backend, settings);
      }
    }
  }
}
