// How whoever makes a plan asks for what Secrets and ConfigMaps hold. It is judged by whoever can read certificates.

import type { Identity, Trust } from "../credentials.ts";
import type { ConfigMap, Secret } from "./core.ts";

/** What was made of an object, or what is wrong with it: a phrase that can follow a colon. */
export type Verdict<Value> = { readonly value: Value } | { readonly problem: string };

/** Judges what objects hold. The same object gets the same verdict. */
export interface ManifestCredentials {
  /** Of a Secret of type `kubernetes.io/tls`. */
  identityOf(secret: Secret): Verdict<Identity>;
  /** Of `ca.crt`. */
  authoritiesOf(object: Secret | ConfigMap): Verdict<Trust>;
}
