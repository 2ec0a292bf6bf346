// What a client's certificate decides: which of the routes that are left is its own, and whether that lets it in.

import { isDeepStrictEqual } from "node:util";
import { fitsAny } from "../../resource/certificate-match.ts";
import type { Trust } from "../../resource/credentials.ts";
import type { Handshake } from "../../runtime/tls.ts";
import { CLOSED_DETAIL } from "../limit/refusal.ts";
import type { Route, RunningEntry } from "../route.ts";
import { type BelievedCertificate, judgeClient } from "./client-certificate.ts";

/** The route of a client whose handshake is over, or why it has none. */
export type CertificateDecision =
  | { readonly entry: RunningEntry; readonly certificate?: BelievedCertificate }
  | {
      readonly reason: "client-cert-invalid" | "denied-certificate";
      readonly detail: string;
      /** The one that refuses it, where that is known. */
      readonly route: Route | undefined;
      readonly certificate?: BelievedCertificate;
    };

/**
 * Decides by the certificate that a client showed, or by its having none. `cell` is what its name, protocol and address
 * have left; `trust` what its certificate was verified by, which a reload may have changed meanwhile.
 */
export function decideByCertificate(
  cell: readonly RunningEntry[],
  handshake: Handshake,
  trust: Trust | undefined,
  nowMs: number,
): CertificateDecision {
  const only = cell.length === 1 ? cell[0]?.route : undefined;
  const [ends] = cell.flatMap(({ route }) => (route.plan.tls?.mode === "terminate" ? [route.plan.tls] : []));
  let certificate: BelievedCertificate | undefined;
  if (ends?.clientAuth !== undefined) {
    const verdict = isDeepStrictEqual(ends.clientAuth.trust, trust)
      ? judgeClient(handshake, ends.clientAuth, nowMs)
      : { refused: "Whose certificates are believed has changed during the handshake" };
    if (verdict !== "none") {
      if ("refused" in verdict) return { reason: "client-cert-invalid", detail: verdict.refused, route: only };
      ({ certificate } = verdict);
    }
  }
  const shown = certificate === undefined ? {} : { certificate };
  const entry = pickByCertificate(cell, certificate);
  if (entry === undefined) {
    return { reason: "denied-certificate", detail: "No route is for it", route: only, ...shown };
  }
  if (admitsCertificate(entry, certificate)) return { entry, ...shown };
  const { route } = entry;
  const unfit = certificate === undefined ? "No certificate" : "The route does not allow it";
  return { reason: "denied-certificate", detail: route.closed ? CLOSED_DETAIL : unfit, route, ...shown };
}

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
