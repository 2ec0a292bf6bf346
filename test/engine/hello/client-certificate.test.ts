import { describe, expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { judgeClient } from "../../../src/engine/hello/client-certificate.ts";
import { pemOf } from "../../support/pem.ts";
import { Random } from "../../support/random.ts";
import { tlsPem } from "../../support/tls-client.ts";

const NOW_MS = Date.UTC(2030, 0, 1);
const REQUIRE = { mode: "require" } as const;
const REQUEST = { mode: "request" } as const;

function der(pem: string): Uint8Array {
  return new X509Certificate(pem).raw;
}

/** What is said of a certificate whose chain was verified. */
function judged(pem: string, nowMs = NOW_MS): unknown {
  const verdict = judgeClient({ version: "TLSv1.3", certificate: der(pem) }, REQUIRE, nowMs);
  if (verdict === "none") return verdict;
  return "refused" in verdict ? verdict.refused : verdict.certificate.label;
}

describe("a client without a certificate", () => {
  test("may come in where one is only requested, whatever the library found", () => {
    const bare = { version: "TLSv1.3", distrust: "UNABLE_TO_GET_ISSUER_CERT" };
    expect(judgeClient(bare, REQUEST, NOW_MS)).toBe("none");
    expect(judgeClient({ version: "TLSv1.3" }, REQUEST, NOW_MS)).toBe("none");
    expect(judgeClient(bare, REQUIRE, NOW_MS)).toEqual({ refused: "No certificate" });
    expect(judgeClient({ version: "TLSv1.3" }, REQUIRE, NOW_MS)).toEqual({ refused: "No certificate" });
  });
});

describe("a certificate", () => {
  test.each([REQUIRE, REQUEST])("that the library distrusts is refused for that: $mode", (auth) => {
    const shown = { version: "TLSv1.3", certificate: der(tlsPem("client.pem")), distrust: "CERT_REVOKED" };
    expect(judgeClient(shown, auth, NOW_MS)).toEqual({ refused: "CERT_REVOKED" });
  });

  const FIXTURES: readonly [file: string, said: string][] = [
    ["client.pem", "billing"],
    ["clients/reporting.pem", "reporting"],
    ["clients/common-name.pem", "billing.apps.example.com"],
    ["clients/wildcard.pem", "wildcard"],
    ["clients/authority.pem", "The certificate is one of an authority, not of a client"],
    ["ca.pem", "The certificate is one of an authority, not of a client"],
    ["stranger.pem", "The certificate is one of an authority, not of a client"],
    ["clients/expired.pem", "The certificate has expired"],
    ["clients/not-yet-valid.pem", "The certificate is not valid yet"],
    ["clients/sha1.pem", "The certificate is signed with SHA-1"],
    ["clients/rsa1024.pem", "The key has 1024 bits"],
    ["clients/server-only.pem", "The certificate is not meant for clients"],
    // Of whose chain nothing is known here.
    ["clients/self-signed.pem", "billing"],
    ["clients/by-client.pem", "by-client"],
  ];
  test.each(FIXTURES)("%s: %s", (file, said) => {
    expect(judged(tlsPem(file))).toBe(said);
  });

  const OTHERS: readonly [file: string, said: string][] = [
    ["ed25519.pem", "ed25519.example"],
    ["p521.pem", "p521.example"],
    ["names.pem", "first name"],
    ["weak.pem", "The certificate is signed with SHA-1"],
  ];
  test.each(OTHERS)("x509/%s: %s", (file, said) => {
    expect(judged(pemOf(file))).toBe(said);
  });

  test("is good to its last moment, and from its first", () => {
    const { validFrom, validTo } = new X509Certificate(tlsPem("client.pem"));
    const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
    expect(judged(tlsPem("client.pem"), from)).toBe("billing");
    expect(judged(tlsPem("client.pem"), from - 1)).toBe("The certificate is not valid yet");
    expect(judged(tlsPem("client.pem"), to)).toBe("billing");
    expect(judged(tlsPem("client.pem"), to + 1000)).toBe("The certificate has expired");
  });

  test("without a name that can be said is called by its fingerprint", () => {
    expect(judged(tlsPem("clients/line-feed.pem"))).toMatch(/^sha256:[0-9a-f]{64}$/);
    const nul = judgeClient({ version: "", certificate: der(tlsPem("clients/nul.pem")) }, REQUIRE, NOW_MS);
    const nameless = { dnsNames: [], commonNames: [], label: expect.stringMatching(/^sha256:/) };
    expect(nul).toMatchObject({ certificate: nameless });
  });

  test("whose bytes are no certificate is refused, and never throws", () => {
    const good = der(tlsPem("client.pem"));
    for (let length = 0; length < good.length; length++) {
      const verdict = judgeClient({ version: "", certificate: good.slice(0, length) }, REQUEST, NOW_MS);
      expect(verdict).toEqual({ refused: expect.stringContaining("Unreadable certificate") });
    }
    const random = new Random(1);
    for (let round = 0; round < 2_000; round++) {
      const bytes = good.slice();
      bytes[random.below(bytes.length)] = random.below(256);
      judgeClient({ version: "", certificate: bytes }, REQUEST, NOW_MS);
      judgeClient({ version: "", certificate: random.bytes(random.below(200)) }, REQUEST, NOW_MS);
    }
  });
});
