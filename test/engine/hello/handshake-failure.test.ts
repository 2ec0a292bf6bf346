import { expect, test } from "bun:test";

import { describeHandshakeFailure } from "../../../src/engine/hello/handshake-failure.ts";

/** As the library says it. */
function failure(word: string): Error {
  return Object.assign(new Error(`error:100000f0:SSL routines:OPENSSL_internal:${word}`), { code: "EPROTO" });
}

test("what is known is said in words, with the library's own beside it", () => {
  expect(describeHandshakeFailure(failure("UNSUPPORTED_PROTOCOL"))).toBe(
    "The client has no version of TLS that is allowed here (UNSUPPORTED_PROTOCOL)",
  );
  expect(describeHandshakeFailure(failure("TLSV1_ALERT_UNKNOWN_CA"))).toBe(
    "The client does not accept the certificate (TLSV1_ALERT_UNKNOWN_CA)",
  );
});

test("of what is not known the library's word is all there is to say", () => {
  expect(describeHandshakeFailure(failure("SOME_NEW_WORD"))).toBe("SOME_NEW_WORD");
});

test("an error of the connection below is told by its code", () => {
  const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  expect(describeHandshakeFailure(reset)).toBe("ECONNRESET");
  expect(describeHandshakeFailure(new Error("Something else"))).toBe("Something else");
});

test("a client that only goes away has said nothing", () => {
  expect(describeHandshakeFailure(undefined)).toBe("The client closed the connection during the handshake");
});
