// What a route says about the PROXY protocol: from whom a header is wanted, and which one backends get.

import type { Cidr } from "../base/ip.ts";

/** Whose connections begin with a PROXY header. Those of everybody else do not, and are taken as they are. */
export interface ProxyAcceptSpec {
  readonly from: readonly Cidr[];
  readonly versions: "v1" | "v2" | "any";
}

/** Version of the header that backends get before anything else. */
export type ProxySend = 1 | 2;
