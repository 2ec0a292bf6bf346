// What kind of public key a certificate has, how strong it is, and how the certificate was signed: the algorithms by their
// numbers (RFC 3279, 4055, 5480, 8410). Nothing is verified here.

import { DER, DerReader } from "./der.ts";

/** A public key, as far as one has to know whether to trust it. */
export interface PublicKey {
  readonly algorithm: "rsa" | "rsa-pss" | "ec" | "ed25519" | "ed448" | "dsa" | "other";
  /** Of the modulus of RSA, of the field of a known curve; 0: not known. */
  readonly bits: number;
  /** Of `ec`: its usual name, such as `P-256`, or else its number; empty when it is written out. */
  readonly curve?: string;
}

const KEYS: Readonly<Record<string, PublicKey["algorithm"]>> = {
  "1.2.840.113549.1.1.1": "rsa",
  "1.2.840.113549.1.1.10": "rsa-pss",
  "1.2.840.10045.2.1": "ec",
  "1.3.101.112": "ed25519",
  "1.3.101.113": "ed448",
  "1.2.840.10040.4.1": "dsa",
};

const CURVES: Readonly<Record<string, { readonly curve: string; readonly bits: number }>> = {
  "1.3.132.0.33": { curve: "P-224", bits: 224 },
  "1.2.840.10045.3.1.7": { curve: "P-256", bits: 256 },
  "1.3.132.0.34": { curve: "P-384", bits: 384 },
  "1.3.132.0.35": { curve: "P-521", bits: 521 },
};

/** Signatures that can be forged: of two texts with the same digest, one is what was signed. */
const WEAK_SIGNATURES: Readonly<Record<string, "MD5" | "SHA-1">> = {
  "1.2.840.113549.1.1.2": "MD5", // MD2, which is older still.
  "1.2.840.113549.1.1.4": "MD5",
  "1.2.840.113549.1.1.5": "SHA-1",
  "1.3.14.3.2.29": "SHA-1",
  "1.3.14.3.2.27": "SHA-1",
  "1.2.840.10040.4.3": "SHA-1",
  "1.2.840.10045.4.1": "SHA-1",
};

/** Reads a SubjectPublicKeyInfo; `undefined` when malformed. Total. */
export function readPublicKey(der: Uint8Array): PublicKey | undefined {
  const info = new DerReader(der).open(DER.sequence);
  const how = info.open(DER.sequence);
  const algorithm = KEYS[how.oid()] ?? "other";
  const named = how.tag === DER.oid ? how.oid() : "";
  const bits = info.read(DER.bitString);
  if (how.failed || info.failed || !info.done || bits.length === 0) return undefined;
  if (algorithm === "ed25519") return { algorithm, bits: 256 };
  if (algorithm === "ec") return { algorithm, ...(CURVES[named] ?? { curve: named, bits: 0 }) };
  if (algorithm !== "rsa" && algorithm !== "rsa-pss") return { algorithm, bits: 0 };
  // The first byte of a bit string says how many bits at its end do not count.
  const modulus = new DerReader(bits.subarray(1)).open(DER.sequence).read(DER.integer);
  return modulus.length === 0 ? undefined : { algorithm, bits: bitLength(modulus) };
}

/** The digest of a signature that is not to be relied on; `undefined` for all others, known or not. Total. */
export function weakSignature(oid: string): "MD5" | "SHA-1" | undefined {
  return WEAK_SIGNATURES[oid];
}

function bitLength(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return 0;
  return (bytes.length - first) * 8 - (Math.clz32(bytes[first] ?? 0) - 24);
}
