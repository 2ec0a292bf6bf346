// Where routes refer to certificates and keys: which texts belong together, and the place in the route's file that a
// message about one of them points at.

import type { ListenerPolicy } from "../resource/manifest/policy.ts";
import type { ValuePath } from "../resource/origin.ts";
import type { RouteResource } from "../resource/route.ts";
import type { IdentitySpec, PemSource, TrustSpec } from "../resource/tls.ts";
import type { CredentialPart } from "./credential-finding.ts";

/** One text that a route refers to. */
export interface SourceUse {
  readonly part: CredentialPart;
  readonly source: PemSource;
}

/** Texts of a route that are judged together. */
export type CredentialUse = (
  { readonly kind: "identity"; readonly spec: IdentitySpec } | { readonly kind: "trust"; readonly spec: TrustSpec }
) & {
  /** The map in the route's file that the keys of its parts are in. */
  readonly at: ValuePath;
  readonly sources: readonly SourceUse[];
};

/** Everything that a route refers to. */
export function credentialUses({ tls, pools }: RouteResource): readonly CredentialUse[] {
  const uses: CredentialUse[] = [];
  if (tls?.mode === "terminate") {
    uses.push(identityUse(tls.identity, ["tls"]));
    if (tls.clientAuth !== undefined) uses.push(trustUse(tls.clientAuth.trust, ["tls", "clientAuth"]));
  }
  for (const [index, { name, spec }] of pools.entries()) {
    const { trust, identity } = spec.upstreamTls ?? {};
    // A Route document has it at the top.
    const at: ValuePath = name === "" ? ["upstreamTls"] : ["pools", index, "upstreamTls"];
    if (trust !== undefined) uses.push(trustUse(trust, at));
    if (identity !== undefined) uses.push(identityUse(identity, at));
  }
  return uses;
}

/** Everything that a policy refers to. */
export function policyUses({ spec: { clientAuth } }: ListenerPolicy): readonly CredentialUse[] {
  return clientAuth === undefined ? [] : [trustUse(clientAuth.trust, ["spec", "clientAuth"])];
}

function identityUse(spec: IdentitySpec, at: ValuePath): CredentialUse {
  const sources: readonly SourceUse[] = [
    { part: "certificate", source: spec.certificate },
    { part: "key", source: spec.key },
  ];
  return { kind: "identity", spec, at, sources };
}

function trustUse(spec: TrustSpec, at: ValuePath): CredentialUse {
  const crl: readonly SourceUse[] = spec.crl === undefined ? [] : [{ part: "crl", source: spec.crl }];
  return { kind: "trust", spec, at, sources: [{ part: "ca", source: spec.ca }, ...crl] };
}
