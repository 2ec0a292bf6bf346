// Says in words what is wrong between the gateway and the TLS of a backend, for whoever has to mend it: codes of OpenSSL and
// BoringSSL are not for people. Words only: what counts as wrong is decided in the handshake.

import { errorCode } from "../runtime/error-code.ts";
import { quoteAnswer } from "../wire/check-dialogue.ts";

const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";
const UNKNOWN_AUTHORITY = "no authority that is trusted has signed the certificate";
const OWN_REFUSED = "the server refuses our certificate";

/** What each code means, as the rest of a sentence. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "the server's certificate, or one of its authorities', has expired"],
  ["CERT_NOT_YET_VALID", "the server's certificate, or one of its authorities', is not valid yet"],
  ["NO_SUBJECT_ALT_NAME", "the server's certificate has none of the subject alternative names that are wanted"],
  ["CERT_REVOKED", "the server's certificate is revoked"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_GET_ISSUER_CERT", UNKNOWN_AUTHORITY],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", UNKNOWN_AUTHORITY],
  ["CERT_UNTRUSTED", UNKNOWN_AUTHORITY],
  ["SELF_SIGNED_CERT_IN_CHAIN", "the root of the server's certificate is not trusted"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "the server's certificate is signed by itself and not trusted"],
  ["CERT_SIGNATURE_FAILURE", "the server's certificate was not signed by the authority that it names"],
  ["INVALID_CA", "a certificate that is no authority's has signed the server's"],
  ["INVALID_PURPOSE", "the server's certificate is not made for servers"],
  ["UNABLE_TO_GET_CRL", "there is no list of revoked certificates of its authority"],
  ["CRL_HAS_EXPIRED", "the list of revoked certificates has expired"],
  ["CRL_NOT_YET_VALID", "the list of revoked certificates is not valid yet"],
  ["CRL_SIGNATURE_FAILURE", "the list of revoked certificates was not signed by the authority"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "what answers does not speak TLS"],
  ["ERR_SSL_TLSV1_ALERT_CERTIFICATE_REQUIRED", "the server wants a client certificate"],
  // Also its answer when no cipher or version suits it, which TLS 1.2 does not tell apart.
  [
    "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
    "the server agrees to nothing that we offer, or wants a client certificate",
  ],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "the server does not trust the authority of our certificate"],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", OWN_REFUSED],
  ["ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", OWN_REFUSED],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN", OWN_REFUSED],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", "the server says that our certificate has expired"],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED", "the server says that our certificate is revoked"],
  ["ERR_SSL_TLSV1_ALERT_ACCESS_DENIED", OWN_REFUSED],
  ["ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION", "the server has no version of TLS that we accept"],
  ["ERR_SSL_TLSV1_UNRECOGNIZED_NAME", "the server does not know the name that it was asked for"],
]);

/** The code of an error, followed by what it means where that is known. `serverName`: what was verified. */
export function describeTlsError(code: string, error: unknown, serverName: string | undefined): string {
  const meaning = code === WRONG_NAME ? wrongName(error, serverName) : MEANINGS.get(code);
  return meaning === undefined ? code : `${code} (${meaning})`;
}

/** Whether an error says something about TLS, and not about the connection below it. */
export function isTlsError(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && (code === WRONG_NAME || code.startsWith("ERR_SSL_") || MEANINGS.has(code));
}

function wrongName(error: unknown, serverName: string | undefined): string {
  const wanted = serverName === undefined ? "the name that was wanted" : `"${serverName}"`;
  const names = namesOf(error);
  return `the server's certificate is not for ${wanted}${names === undefined ? "" : `, but for ${names}`}`;
}

/** The names that the certificate has, in quotes: they are the backend's words. */
function namesOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("cert" in error)) return undefined;
  const { cert } = error;
  if (typeof cert !== "object" || cert === null || !("subjectaltname" in cert)) return undefined;
  const { subjectaltname } = cert;
  return typeof subjectaltname === "string" ? quoteAnswer(new TextEncoder().encode(subjectaltname)) : undefined;
}
