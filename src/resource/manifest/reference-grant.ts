// ReferenceGrant (Gateway API v1): who may refer to objects of its namespace.

import type { Manifest } from "./manifest.ts";

export type ReferenceGrant = Manifest<"ReferenceGrant", ReferenceGrantSpec>;

export interface ReferenceGrantSpec {
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  /** Without a name: all of the kind. */
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
}
