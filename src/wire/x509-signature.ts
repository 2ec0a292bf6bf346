// The names of the algorithms that certificates are signed with, as Go and so ngrok write them (RFC 3279, 4055, 5758, 8410).

import { DER, DerReader } from "./der.ts";

const NAMES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.2": "MD2-RSA",
  "1.2.840.113549.1.1.4": "MD5-RSA",
  "1.2.840.113549.1.1.5": "SHA1-RSA",
  "1.3.14.3.2.29": "SHA1-RSA",
  "1.2.840.113549.1.1.11": "SHA256-RSA",
  "1.2.840.113549.1.1.12": "SHA384-RSA",
  "1.2.840.113549.1.1.13": "SHA512-RSA",
  "1.2.840.10040.4.3": "DSA-SHA1",
  "2.16.840.1.101.3.4.3.2": "DSA-SHA256",
  "1.2.840.10045.4.1": "ECDSA-SHA1",
  "1.2.840.10045.4.3.2": "ECDSA-SHA256",
  "1.2.840.10045.4.3.3": "ECDSA-SHA384",
  "1.2.840.10045.4.3.4": "ECDSA-SHA512",
  "1.3.101.112": "Ed25519",
};

const PSS = "1.2.840.113549.1.1.10";
/** Of PSS, by its digest. */
const PSS_NAMES: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "SHA256-RSAPSS",
  "2.16.840.1.101.3.4.2.2": "SHA384-RSAPSS",
  "2.16.840.1.101.3.4.2.3": "SHA512-RSAPSS",
};
/** Context-specific tag of the digest among the parameters of PSS. */
const DIGEST = 0xa0;

/** The name of an AlgorithmIdentifier in DER, such as `ECDSA-SHA256`; its number where it has none here. Total. */
export function signatureName(der: Uint8Array): string {
  const how = new DerReader(der).open(DER.sequence);
  const algorithm = how.oid();
  if (algorithm !== PSS) return NAMES[algorithm] ?? algorithm;
  const digest = how.open(DER.sequence).open(DIGEST).open(DER.sequence).oid();
  return PSS_NAMES[digest] ?? algorithm;
}
