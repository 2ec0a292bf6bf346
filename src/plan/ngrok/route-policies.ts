// IPPolicies that Route documents name in their `policy`: those of the namespace `default`, which a route is in as much as in any.

import type { Diagnostic } from "../../base/diagnostic.ts";
import { DEFAULT_NAMESPACE } from "../../resource/manifest/metadata-schema.ts";
import type { IpPolicy } from "../../resource/manifest/ngrok.ts";
import type { RouteResource } from "../../resource/route.ts";
import type { Catalog } from "../gateway/catalog.ts";
import { namedPolicies, withAddresses } from "./attached-policy.ts";

/** Routes with the addresses in place, and what cannot be found: such a route lets nobody in. */
export interface RoutePolicies {
  readonly routes: readonly RouteResource[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What was put in place before: a route whose IPPolicies are the same stays the same object. */
export class RoutePolicyMemo {
  readonly #known = new WeakMap<
    RouteResource,
    { readonly policies: readonly (IpPolicy | undefined)[]; readonly route: RouteResource }
  >();

  resolve(routes: readonly RouteResource[], catalog: Catalog): RoutePolicies {
    if (!routes.some(namesPolicies)) return { routes, diagnostics: [] };
    const diagnostics: Diagnostic[] = [];
    return { routes: routes.map((route) => this.#resolve(route, catalog, diagnostics)), diagnostics };
  }

  #resolve(route: RouteResource, catalog: Catalog, diagnostics: Diagnostic[]): RouteResource {
    const { policy, origin } = route;
    if (policy === undefined || !namesPolicies(route)) return route;
    const policies = namedPolicies(policy).map((name) => catalog.find("IPPolicy", DEFAULT_NAMESPACE, name));
    const known = this.#known.get(route);
    if (known?.policies.every((each, index) => each === policies[index]) === true) return known.route;
    const found = withAddresses(policy, DEFAULT_NAMESPACE, catalog, (path) => ["policy", ...path]);
    if ("problems" in found) {
      // Left as it is, it denies everybody.
      for (const { code, message, path } of found.problems) {
        const place = { file: origin.file, ...origin.locate(path) };
        diagnostics.push({ ...place, severity: "error", code: `policy/${code}`, message });
      }
      return route;
    }
    const resolved = { ...route, policy: found.policy };
    this.#known.set(route, { policies, route: resolved });
    return resolved;
  }
}

function namesPolicies({ policy }: RouteResource): boolean {
  return policy !== undefined && namedPolicies(policy).length > 0;
}
