// Reads whose list of revoked certificates this is, and how long it holds (RFC 5280 5). Which certificates are on it is the
// TLS library's business, which also verifies it.

import { DER, DerReader } from "./der.ts";
import { bytesToText, readTime } from "./x509-text.ts";

/** One list of revoked certificates. */
export interface RevocationList {
  /** Name of its issuer in DER, as `Certificate.subject` has it. */
  readonly issuer: string;
  readonly thisUpdateMs: number;
  /** When the next one is due; absent: nobody said. */
  readonly nextUpdateMs?: number;
}

/** Reads one list in DER; `undefined` when it is none. Total: never throws. */
export function readRevocationList(der: Uint8Array): RevocationList | undefined {
  const outer = new DerReader(der);
  const list = outer.open(DER.sequence);
  const body = list.open(DER.sequence);
  body.skipIf(DER.integer); // Version.
  body.read(DER.sequence); // Algorithm of the signature.
  const issuer = body.whole(DER.sequence);
  const thisUpdateMs = readTime(body.tag, body.read(body.tag));
  const hasNext = body.tag === DER.utcTime || body.tag === DER.generalizedTime;
  const nextUpdateMs = hasNext ? readTime(body.tag, body.read(body.tag)) : undefined;
  list.read(DER.sequence);
  list.read(DER.bitString);
  if (body.failed || list.failed || !list.done || !outer.done || thisUpdateMs === undefined) return undefined;
  if (hasNext && nextUpdateMs === undefined) return undefined;
  return {
    issuer: bytesToText(issuer),
    thisUpdateMs,
    ...(nextUpdateMs === undefined ? {} : { nextUpdateMs }),
  };
}
