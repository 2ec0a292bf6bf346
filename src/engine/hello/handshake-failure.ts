// Says in words why the handshake with a client failed, for the log. Of an error only the library's own word is used: the
// rest of its message is for those who debug the library.

import { errorCode } from "../../runtime/error-code.ts";

const DISTRUSTS = "The client does not accept the certificate";

/** What the library's words mean. */
const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["UNSUPPORTED_PROTOCOL", "The client has no version of TLS that is allowed here"],
  ["NO_APPLICATION_PROTOCOL", "The client offers no protocol by ALPN that is agreed to here"],
  ["NO_SHARED_CIPHER", "The client has no cipher that is allowed here"],
  ["NO_COMMON_SIGNATURE_ALGORITHMS", "The client knows no signatures of the kind that the certificate's key makes"],
  ["TLSV1_ALERT_UNKNOWN_CA", DISTRUSTS],
  ["SSLV3_ALERT_BAD_CERTIFICATE", DISTRUSTS],
  ["SSLV3_ALERT_CERTIFICATE_UNKNOWN", DISTRUSTS],
  ["SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", DISTRUSTS],
  // OpenSSL says in TLS 1.3 that it does not in the clear, where only encrypted records are expected.
  ["BAD_PACKET_LENGTH", "The client broke the handshake off: most often it does not accept the certificate"],
  ["SSLV3_ALERT_CERTIFICATE_EXPIRED", `${DISTRUSTS}: it has expired, or the clocks differ`],
]);

/** A phrase; `error` is absent when the client closed the connection without a word. */
export function describeHandshakeFailure(error: Error | undefined): string {
  if (error === undefined) return "The client closed the connection during the handshake";
  const [, word] = /:OPENSSL_internal:([A-Z0-9_]{1,64})/.exec(error.message) ?? [];
  if (word === undefined) return errorCode(error) ?? error.message;
  const meaning = MEANINGS.get(word);
  return meaning === undefined ? word : `${meaning} (${word})`;
}
