// Says to whoever asks about places in a policy that there is no database that knows any: once for each file, at the first
// expression that asks.

import type { Diagnostic } from "../base/diagnostic.ts";
import { needsGeo } from "../cel/geo.ts";
import { variablesOf } from "../resource/expression-checks.ts";
import type { RouteResource } from "../resource/route.ts";
import { expressionsOf } from "../resource/traffic-policy/policy-expressions.ts";

/** Notices about routes that are loaded again and again: each is looked at once. */
export class GeoNotices {
  readonly #known = new WeakMap<RouteResource, Diagnostic | "none">();

  /** About these routes, one for each file that asks. */
  of(routes: readonly RouteResource[]): readonly Diagnostic[] {
    const byFile = new Map<string, Diagnostic>();
    for (const route of routes) {
      if (route.policy === undefined || byFile.has(route.origin.file)) continue;
      const known = this.#known.get(route) ?? noticeOf(route) ?? "none";
      this.#known.set(route, known);
      if (known !== "none") byFile.set(route.origin.file, known);
    }
    return [...byFile.values()];
  }
}

function noticeOf({ policy, origin }: RouteResource): Diagnostic | undefined {
  const found = policy && expressionsOf(policy).find((expression) => needsGeo(variablesOf(expression)));
  if (found === undefined) return undefined;
  return {
    file: origin.file,
    ...origin.locate(["policy", ...found.path]),
    severity: "notice",
    code: "policy/no-geo",
    message: "What is asked about places and networks of addresses is empty here: there is no geo database",
    hint: "Start with --geo-db FILE, a database in MaxMind's format",
  };
}
