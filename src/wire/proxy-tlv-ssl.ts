// The field of a PROXY header of version 2 that says how the client spoke TLS: flags, the result of verifying its
// certificate, and fields within the field. Pure and total.

import type { ProxySsl } from "./proxy-header.ts";
import { decodeText, encodeTlv, splitTlvs } from "./proxy-tlv-block.ts";

const [CLIENT_TLS, CERTIFICATE_NOW, CERTIFICATE_IN_SESSION] = [1, 2, 4];
const [VERSION, COMMON_NAME] = [0x21, 0x22];
/** Flags and result. */
const FIXED_BYTES = 5;
/** What a result other than success is written as; the specification wants no more than a number that is not zero. */
const NOT_VERIFIED = 1;

/** Texts by type. Newer types (groups, schemes, whole certificates) are skipped. */
const TEXTS: ReadonlyMap<number, "version" | "commonName" | "cipher" | "signatureAlgorithm" | "keyAlgorithm"> = new Map(
  [
    [VERSION, "version"],
    [COMMON_NAME, "commonName"],
    [0x23, "cipher"],
    [0x24, "signatureAlgorithm"],
    [0x25, "keyAlgorithm"],
  ],
);

/** What to say of a client that came over TLS. */
export interface ProxySslToWrite {
  /** It presented a certificate, and that was verified. */
  readonly verified: boolean;
  /** `TLSv1.3`, as OpenSSL writes it. */
  readonly version: string;
  /** Of the certificate's subject, whether or not it was verified. */
  readonly commonName?: string | undefined;
}

/** Reads the field's value; a text says why it is malformed. */
export function readSslTlv(value: Uint8Array): ProxySsl | string {
  const [flags] = value;
  if (flags === undefined || value.length < FIXED_BYTES) return "The TLS field is too short";
  const fields = splitTlvs(value.subarray(FIXED_BYTES));
  if (typeof fields === "string") return `In the TLS field: ${fields}`;
  const client = (flags & CLIENT_TLS) !== 0;
  // Senders also report success when there was nothing to verify.
  const presented = client && (flags & (CERTIFICATE_NOW | CERTIFICATE_IN_SESSION)) !== 0;
  const succeeded = value.subarray(1, FIXED_BYTES).every((byte) => byte === 0);
  const ssl: { -readonly [Key in keyof ProxySsl]: ProxySsl[Key] } = { client, verified: presented && succeeded };
  const seen = new Set<number>();
  for (const { type, value: bytes } of fields) {
    const key = TEXTS.get(type);
    if (key === undefined) continue;
    const name = `0x${type.toString(16)}`;
    if (seen.has(type)) return `In the TLS field: There are two fields of type ${name}`;
    seen.add(type);
    const text = decodeText(bytes);
    if (text === undefined) return `In the TLS field: The field of type ${name} is not a text`;
    if (text !== "") ssl[key] = text;
  }
  return ssl;
}

/** The field's value. Both flags are set for a certificate: a resumed session is not told from a new one. */
export function writeSslTlv({ verified, version, commonName }: ProxySslToWrite): Uint8Array {
  const presented = verified || commonName !== undefined;
  const flags = CLIENT_TLS | (presented ? CERTIFICATE_NOW | CERTIFICATE_IN_SESSION : 0);
  const fields = [...encodeTlv(VERSION, version), ...encodeTlv(COMMON_NAME, commonName)];
  return Uint8Array.of(flags, 0, 0, 0, verified ? 0 : NOT_VERIFIED, ...fields);
}
