// Says in words why the handshake with a client failed, for the log. The other side, backends, has `tls-failure.ts`: the
// same codes mean something else there.

import { errorCode } from "../../runtime/error-code.ts";

const DISTRUSTS = "The client does not accept the certificate";

/** What each code means. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "The client has no version of TLS that is allowed here"],
  ["ERR_SSL_NO_APPLICATION_PROTOCOL", "The client offers no protocol by ALPN that is agreed to here"],
  ["ERR_SSL_NO_SHARED_CIPHER", "The client has no cipher that is allowed here"],
  ["ERR_SSL_NO_COMMON_SIGNATURE_ALGORITHMS", "The client knows no signatures of the kind that the key makes"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", DISTRUSTS],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", DISTRUSTS],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN", DISTRUSTS],
  ["ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", DISTRUSTS],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED", `${DISTRUSTS}: it has expired, or the clocks differ`],
  // OpenSSL says in TLS 1.3 that it does not in the clear, where only encrypted records are expected.
  ["ERR_SSL_BAD_PACKET_LENGTH", "The client broke the handshake off: most often it does not accept the certificate"],
]);

/** A phrase; `error` is absent when the client closed the connection without a word. */
export function describeHandshakeFailure(error: Error | undefined): string {
  if (error === undefined) return "The client closed the connection during the handshake";
  const code = errorCode(error) ?? error.message;
  const meaning = MEANINGS.get(code);
  return meaning === undefined ? code : `${meaning} (${code})`;
}
