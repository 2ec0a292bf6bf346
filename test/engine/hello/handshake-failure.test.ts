import { expect, test } from "bun:test";

import { describeHandshakeFailure } from "../../../src/engine/hello/handshake-failure.ts";

function failure(code: string): Error {
  return Object.assign(new Error("error:100000f0:SSL routines"), { code });
}

test("what is known is said in words, with the code beside it", () => {
  expect(describeHandshakeFailure(failure("ERR_SSL_UNSUPPORTED_PROTOCOL"))).toBe(
    "The client has no version of TLS that is allowed here (ERR_SSL_UNSUPPORTED_PROTOCOL)",
  );
  expect(describeHandshakeFailure(failure("ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"))).toBe(
    "The client does not accept the certificate (ERR_SSL_TLSV1_ALERT_UNKNOWN_CA)",
  );
});

test("of what is not known the code is all there is to say", () => {
  expect(describeHandshakeFailure(failure("ECONNRESET"))).toBe("ECONNRESET");
  expect(describeHandshakeFailure(new Error("Something else"))).toBe("Something else");
});

test("a client that only goes away has said nothing", () => {
  expect(describeHandshakeFailure(undefined)).toBe("The client closed the connection during the handshake");
});
