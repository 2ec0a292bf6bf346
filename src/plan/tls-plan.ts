// From what a route says of TLS to what the data path needs: certificates in place of the words that refer to them. Also
// who cannot have what they say. Reads nothing itself.

import type { Credentials } from "../resource/credentials.ts";
import type { RouteResource } from "../resource/route.ts";
import type { ClientAuthSpec, TlsSpec, UpstreamTlsSpec } from "../resource/tls.ts";
import { isClosed } from "./closed.ts";
import type { ClientAuthPlan, RouteTlsPlan, UpstreamTlsPlan } from "./plan.ts";

/** What becomes of clients' TLS, or `undefined` when a certificate that it takes could not be used. */
export function compileTls(spec: TlsSpec, credentials: Credentials): RouteTlsPlan | undefined {
  if (spec.mode === "passthrough") return { mode: "passthrough" };
  const { mode, minVersion, alpn } = spec;
  const identity = credentials.identities.get(spec.identity);
  if (identity === undefined) return undefined;
  if (spec.clientAuth === undefined) return { mode, identity, minVersion, alpn };
  const clientAuth = compileClientAuth(spec.clientAuth, credentials);
  return clientAuth === undefined ? undefined : { mode, identity, minVersion, alpn, clientAuth };
}

function compileClientAuth(
  { trust: spec, mode, allow }: ClientAuthSpec,
  credentials: Credentials,
): ClientAuthPlan | undefined {
  const trust = credentials.trusts.get(spec);
  return trust === undefined ? undefined : { trust, mode, allow };
}

/** How targets are spoken to, or `undefined` when a certificate that it takes could not be used. */
export function compileUpstreamTls(spec: UpstreamTlsSpec, credentials: Credentials): UpstreamTlsPlan | undefined {
  const trust = spec.trust === undefined ? undefined : credentials.trusts.get(spec.trust);
  const identity = spec.identity === undefined ? undefined : credentials.identities.get(spec.identity);
  // The system's authorities do not stand in for those that could not be read.
  if (spec.trust !== undefined && trust === undefined) return undefined;
  if (spec.identity !== undefined && identity === undefined) return undefined;
  return {
    ...(trust === undefined ? {} : { trust }),
    ...(spec.serverName === undefined ? {} : { serverName: spec.serverName }),
    ...(spec.subjectAltNames === undefined ? {} : { subjectAltNames: spec.subjectAltNames }),
    ...(identity === undefined ? {} : { identity }),
    insecure: spec.insecure,
    ...(spec.unlessTls === undefined ? {} : { unlessTls: spec.unlessTls }),
  };
}

/** The routes that cannot do what they say of TLS. Whoever read them and their certificates has told why. */
export function findUnusable(routes: readonly RouteResource[], credentials: Credentials): ReadonlySet<RouteResource> {
  return new Set(routes.filter((route) => !isUsable(route, credentials)));
}

function isUsable(route: RouteResource, credentials: Credentials): boolean {
  const { tls, pools, alpn, clientCert } = route;
  // Without the TLS that they are about these would be ignored, and everybody let in.
  if (tls === undefined && alpn.length + clientCert.length > 0) return false;
  if (clientCert.length > 0 && tls?.mode !== "terminate" && !isClosed(route)) return false;
  if (tls !== undefined && compileTls(tls, credentials) === undefined) return false;
  return pools.every(
    ({ spec: { upstreamTls } }) =>
      upstreamTls === undefined || compileUpstreamTls(upstreamTls, credentials) !== undefined,
  );
}
