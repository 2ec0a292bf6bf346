// Certificates and keys that routes refer to, as they were read and found to be good. Plain data, keyed by the part of
// the resource that refers to them; one that is not there could not be used, and whoever read it has said why.

import type { IdentitySpec, TrustSpec } from "./tls.ts";

/** A certificate that the gateway can show, with its key. */
export interface Identity {
  /** PEM: the certificate, followed by its chain. */
  readonly certificate: string;
  /** PEM, not encrypted. */
  readonly key: string;
  /** Of the first certificate, in milliseconds since 1970. */
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Authorities that are believed. */
export interface Trust {
  /** PEM, one certificate each. Never empty. */
  readonly ca: readonly string[];
  /** PEM, one list each; empty: nothing is known to be revoked. */
  readonly crl: readonly string[];
}

/** Everything that was read for the routes of one load. */
export interface Credentials {
  readonly identities: ReadonlyMap<IdentitySpec, Identity>;
  readonly trusts: ReadonlyMap<TrustSpec, Trust>;
}
