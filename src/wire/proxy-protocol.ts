// Reads the PROXY protocol header that a trusted proxy puts before a client's bytes (HAProxy's proxy-protocol.txt). Pure
// and total: every input has a verdict, and a verdict other than `more` stays the same whatever bytes come after. Never
// used to guess: a listener either wants a header from a source or does not.

import { malformed, type ProxyVerdict } from "./proxy-header.ts";
import { PROXY_V1_SIGNATURE, readProxyV1 } from "./proxy-v1.ts";
import { MAX_PROXY_V2_BYTES, PROXY_V2_SIGNATURE, readProxyV2 } from "./proxy-v2.ts";

/** Versions that a listener takes. */
export type ProxyVersions = "v1" | "v2" | "any";

/** Upper bound of a header's length in bytes: `more` is never said of as many. */
export const MAX_PROXY_HEADER_BYTES: number = MAX_PROXY_V2_BYTES;

/**
 * Reads a header from all bytes of a connection so far. A byte that no header can have is told when it is there: in
 * version 1 within the field where it stands (a whole address is judged at its end), in version 2 within the 16 bytes
 * before the block of known length, which is judged when it is complete.
 */
export function readProxyHeader(bytes: Uint8Array, accept: ProxyVersions): ProxyVerdict {
  const v1 = beginsWith(bytes, PROXY_V1_SIGNATURE);
  if (v1 === "begun") return "more";
  if (v1 === "whole") {
    return accept === "v2" ? malformed("Found a version 1 header, expected version 2") : readProxyV1(bytes);
  }
  const v2 = beginsWith(bytes, PROXY_V2_SIGNATURE);
  if (v2 === "begun") return "more";
  if (v2 === "whole") {
    return accept === "v1" ? malformed("Found a version 2 header, expected version 1") : readProxyV2(bytes);
  }
  return { kind: "missing" };
}

function beginsWith(bytes: Uint8Array, signature: readonly number[]): "whole" | "begun" | "no" {
  const length = Math.min(bytes.length, signature.length);
  for (let at = 0; at < length; at++) {
    if (bytes[at] !== signature[at]) return "no";
  }
  return length === signature.length ? "whole" : "begun";
}
