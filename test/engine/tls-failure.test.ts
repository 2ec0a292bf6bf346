import { describe, expect, test } from "bun:test";
import { describeTlsError, isTlsError } from "../../src/engine/tls-failure.ts";

const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

describe("what is told of a failure of TLS", () => {
  test("a code that is known has its meaning beside it, any other stands alone", () => {
    expect(describeTlsError("CERT_REVOKED", undefined, "db")).toBe(
      "CERT_REVOKED (the server's certificate is revoked)",
    );
    expect(describeTlsError("ERR_SSL_NEVER_HEARD_OF", undefined, "db")).toBe("ERR_SSL_NEVER_HEARD_OF");
  });

  test("a wrong name is told with the one that was wanted and those that are there, on one printable line", () => {
    const error = Object.assign(new Error("wrong"), { cert: { subjectaltname: 'DNS:a.example, DNS:"b\u001b[2J\n' } });
    expect(describeTlsError(WRONG_NAME, error, "db.example")).toBe(
      `${WRONG_NAME} (the server's certificate is not for "db.example", but for "DNS:a.example, DNS:'b [2J")`,
    );
    for (const odd of [undefined, "text", new Error("x"), Object.assign(new Error("x"), { cert: null })]) {
      expect(describeTlsError(WRONG_NAME, odd, undefined)).toBe(
        `${WRONG_NAME} (the server's certificate is not for the name that was wanted)`,
      );
    }
  });

  test.each([
    ["ERR_SSL_WRONG_VERSION_NUMBER", true],
    ["CERT_HAS_EXPIRED", true],
    [WRONG_NAME, true],
    ["ECONNRESET", false],
    ["EPIPE", false],
  ])("%s is about TLS: %s", (code, expected) => {
    expect(isTlsError(Object.assign(new Error("it was played"), { code }))).toBe(expected);
  });
});
