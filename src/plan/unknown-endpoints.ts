// Policies that forward to endpoints that are not there: whoever is sent there is refused. A URL that is known only when a client is
// there is not judged.

import { lookupHostname } from "../base/hostname-map.ts";
import type { Diagnostic } from "../base/diagnostic.ts";
import { parseEndpointUrl } from "../resource/endpoint-url.ts";
import type { RouteResource } from "../resource/route.ts";
import type { InternalPlan } from "./plan.ts";

/** Each URL of each policy that leads nowhere; a notice where the policy goes on then. */
export function tellUnknownEndpoints(
  routes: readonly RouteResource[],
  internals: readonly InternalPlan[],
): readonly Diagnostic[] {
  const told = new Set<string>();
  return routes.flatMap(({ policy, origin }) => {
    const found: Diagnostic[] = [];
    for (const { name, actions } of policy?.rules ?? []) {
      for (const action of actions) {
        if (action.type !== "forward-internal" || isThere(action.url, internals)) continue;
        const message = `Rule "${name}" forwards to ${action.url}, and there is no internal endpoint with this URL: clients find nobody there`;
        const place = { file: origin.file, ...origin.locate([]) };
        // A policy may be that of many.
        const key = `${place.file}:${place.line} ${message}`;
        if (told.has(key)) continue;
        told.add(key);
        const severity = action.onError === "continue" ? "notice" : "warning";
        found.push({ ...place, severity, code: "policy/unknown-endpoint", message });
      }
    }
    return found;
  });
}

function isThere(text: string, internals: readonly InternalPlan[]): boolean {
  if (text.includes("${")) return true;
  const url = parseEndpointUrl(text);
  // What is wrong with the URL itself is told where it is read.
  if ("mistake" in url) return true;
  return internals.some(
    ({ scheme, port, hosts }) => scheme === url.scheme && port === url.port && lookupHostname(hosts, url.host) !== -1,
  );
}
