// Whether the certificates of Gateways have the names that TLSRoutes take clients for, as for a Route: a listener that has the
// wrong Secret works, and its clients say only that they do not trust it.

import type { Diagnostic } from "../base/diagnostic.ts";
import type { HostnamePattern } from "../base/hostname.ts";
import { judgeNames } from "../config/name-cover.ts";
import type { Translation } from "../plan/gateway/translate.ts";
import type { RouteResource } from "../resource/route.ts";
import type { IdentitySpec } from "../resource/tls.ts";

/** Warnings about names that clients ask for and the certificate that they are shown does not have. */
export function judgeGatewayNames({ routes, issued }: Pick<Translation, "routes" | "issued">): readonly Diagnostic[] {
  const byIdentity = new Map<IdentitySpec, { route: RouteResource; hostnames: readonly HostnamePattern[] }[]>();
  for (const route of routes) {
    if (route.tls?.mode !== "terminate") continue;
    const { identity, hostnames } = route.tls;
    const known = byIdentity.get(identity);
    if (known === undefined) byIdentity.set(identity, [{ route, hostnames }]);
    else known.push({ route, hostnames });
  }
  return Array.from(byIdentity).flatMap(([spec, uses]) => {
    const identity = issued.identities.get(spec);
    if (identity === undefined) return [];
    // All at once first: mostly nothing is missing, and the certificate is read once for thousands of routes.
    const names = uses.flatMap(({ hostnames }) => hostnames);
    if (judgeNames(identity, names).length === 0) return [];
    return uses.flatMap(({ route: { origin }, hostnames }) =>
      judgeNames(identity, hostnames).map(({ part: _part, ...said }): Diagnostic => {
        return { file: origin.file, ...origin.locate(["spec", "hostnames"]), ...said };
      }),
    );
  });
}
