// What a plan says about TLS, client certificates and PROXY headers, as people may see it: names, rules counted, dates.
// Certificates and keys themselves never leave the plan this way.

import type { Identity } from "../resource/credentials.ts";
import type { PoolPlan, RoutePlan, TerminatePlan } from "../plan/plan.ts";
import type { CertificateSnapshot, RouteSnapshot, RouteTlsSnapshot } from "./snapshot.ts";

/** The part of a route's snapshot that is about its clients. */
export function snapshotTls(plan: RoutePlan): Pick<RouteSnapshot, "tls" | "alpn" | "clientCert"> {
  const { tls, hostnames = [], alpn, clientCert } = plan;
  return {
    ...(tls === undefined
      ? {}
      : { tls: { mode: tls.mode, hostnames, ...(tls.mode === "terminate" ? terminationOf(tls) : {}) } }),
    ...(alpn === undefined ? {} : { alpn }),
    ...(clientCert === undefined ? {} : { clientCert: clientCert.length }),
  };
}

/** The part of a route's snapshot that is about its backends. */
export function snapshotUpstreamTls(plan: PoolPlan): Pick<RouteSnapshot, "upstreamTls" | "proxySend"> {
  const { upstreamTls, proxySend } = plan;
  return {
    ...(upstreamTls === undefined
      ? {}
      : {
          upstreamTls: {
            insecure: upstreamTls.insecure,
            ...(upstreamTls.serverName === undefined ? {} : { serverName: upstreamTls.serverName }),
            ...(upstreamTls.identity === undefined ? {} : { certificate: datesOf(upstreamTls.identity) }),
          },
        }),
    ...(proxySend === undefined ? {} : { proxySend }),
  };
}

function terminationOf({ minVersion, alpn, clientAuth, identity }: TerminatePlan): Partial<RouteTlsSnapshot> {
  return {
    minVersion,
    alpn,
    ...(clientAuth === undefined ? {} : { clientAuth: clientAuth.mode }),
    certificate: datesOf(identity),
  };
}

function datesOf({ notBeforeMs, notAfterMs }: Identity): CertificateSnapshot {
  return { notBefore: new Date(notBeforeMs).toISOString(), notAfter: new Date(notAfterMs).toISOString() };
}
