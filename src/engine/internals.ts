// Where policies forward to: internal endpoints as they run, by their URL; and which routes run at all.

import { lookupHostname } from "../base/hostname-map.ts";
import type { InternalPlan, Plan } from "../plan/plan.ts";
import type { EndpointName } from "../resource/route.ts";
import type { Route } from "./route.ts";

export class Internals {
  #plans: readonly InternalPlan[] = [];
  #routes: ReadonlyMap<string, Route> = new Map();

  /** Takes over a plan. `routes` has all of its routes, and may have others that are on their way out. */
  follow({ internals = [], routes: plans }: Plan, routes: ReadonlyMap<string, Route>): void {
    this.#plans = internals;
    this.#routes = new Map(
      plans.flatMap(({ name }) => {
        const route = routes.get(name);
        return route === undefined ? [] : [[name, route] as const];
      }),
    );
  }

  /** Whether a route is in the plan. */
  runs(route: Route): boolean {
    return this.#routes.get(route.plan.name) === route;
  }

  /** All that share this URL; none, when there is no such endpoint. `host` in the form of `parseHostname`. */
  find(scheme: EndpointName["scheme"], host: string, port: number): readonly Route[] {
    const plan = this.#plans.find((each) => each.scheme === scheme && each.port === port);
    const names = plan?.endpoints[lookupHostname(plan.hosts, host)] ?? [];
    return this.named(names);
  }

  /** Those of these routes that run. */
  named(names: readonly string[]): readonly Route[] {
    return names.flatMap((name) => this.#routes.get(name) ?? []);
  }
}
