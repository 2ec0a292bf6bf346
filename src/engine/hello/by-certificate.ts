// What a client's certificate decides: which of the routes that are left is its own, and whether that lets it in.

import { fitsAny } from "../../resource/certificate-match.ts";
import type { RunningEntry } from "../route.ts";
import type { BelievedCertificate } from "./client-certificate.ts";

/** The first route that the certificate fits, or that asks for none; `undefined` when there is none. */
export function pickByCertificate(
  entries: readonly RunningEntry[],
  certificate: BelievedCertificate | undefined,
): RunningEntry | undefined {
  return entries.find(({ route: { plan } }) => {
    const { clientCert } = plan;
    return clientCert === undefined || (certificate !== undefined && fitsAny(clientCert, certificate));
  });
}

/** Whether a route lets a client in by its certificate, or by having none. One that does not end TLS lets in nobody. */
export function admitsCertificate(
  { route: { plan } }: RunningEntry,
  certificate: BelievedCertificate | undefined,
): boolean {
  if (plan.tls?.mode !== "terminate") return false;
  const { clientAuth } = plan.tls;
  if (clientAuth === undefined || (clientAuth.mode === "request" && clientAuth.allow.length === 0)) return true;
  if (certificate === undefined) return false;
  return clientAuth.allow.length === 0 || fitsAny(clientAuth.allow, certificate);
}
