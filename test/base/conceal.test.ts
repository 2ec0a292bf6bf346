import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";

import { conceal, isSecretive, withoutPrivateKeys } from "../../src/base/conceal.ts";

test("random bytes in base64 are concealed, wherever they stand", () => {
  let shown = 0;
  for (let round = 0; round < 5000; round++) {
    const line = randomBytes(48).toString(round % 2 === 0 ? "base64" : "base64url");
    if (conceal(`Cannot read "${line}"`) !== 'Cannot read "…"') shown++;
  }
  // A line could be made of words by chance, which does not happen.
  expect(shown).toBe(0);
});

test.each([
  "",
  "db.example.com",
  "/etc/letsencrypt/live/production/databases/primary/privkey",
  "/home/ops/Projects/GatewayConfiguration/PrivateKeys2/db",
  "/tmp/sallyport-routes-Xa81Bc/certificates/databases",
  "550e8400-e29b-41d4-a716-446655440000",
  "550E8400-E29B-41D4-A716-446655440000",
  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
  "a".repeat(100),
])('"%s" is shown as it is', (text) => {
  expect(conceal(text)).toBe(text);
  expect(isSecretive(text)).toBe(false);
});

test("lines of dashes and private keys are no text to show", () => {
  for (const text of ["-----BEGIN X", "a PRIVATE KEY"]) expect(isSecretive(text)).toBe(true);
});

/** A key in PEM as tools write it, with what is around it. */
function pemKey(before = ""): { readonly pem: string; readonly body: string } {
  const body = (
    randomBytes(138)
      .toString("base64")
      .match(/.{1,64}/g) ?? []
  ).join("\n");
  return { pem: `${before}-----BEGIN PRIVATE KEY-----\n${body}\n-----END PRIVATE KEY-----\n`, body };
}

/** Whether any line of base64 that is in `secret` can still be read. */
function showsAnyOf(text: string, secret: string): boolean {
  return secret.split("\n").some((line) => line.length > 16 && text.includes(line));
}

test("a private key is left out, also in base64 in one line or in several, whatever is before it", () => {
  for (const before of [
    "",
    "Bag Attributes\n",
    "\n",
    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
  ]) {
    const { pem, body } = pemKey(before);
    const encoded = Buffer.from(pem).toString("base64");
    const lines = (encoded.match(/.{1,76}/g) ?? []).join("\n");
    const folded = lines.replaceAll("\n", "\\\n    ");
    const texts: readonly (readonly [text: string, secret: string])[] = [
      [pem, body],
      [JSON.stringify({ key: pem }), JSON.stringify(body).slice(1, -1).replaceAll("\\n", "\n")],
      [`data:\n  tls.key: ${encoded}\n  other: x\n`, encoded],
      [`{"data":{"tls.key":"${encoded}","other":"x"}}`, encoded],
      [`data:\n  tls.key: |\n    ${lines.replaceAll("\n", "\n    ")}\n  other: x\n`, lines],
      [`data:\n  tls.key: "${folded}"\n  other: x\n`, lines],
    ];
    for (const [text, secret] of texts) {
      const shown = withoutPrivateKeys(text);
      expect(showsAnyOf(text, secret)).toBe(true);
      expect(showsAnyOf(shown, secret)).toBe(false);
      expect(shown).toContain("(left out)");
      if (text.includes("other")) expect(shown).toMatch(/\bother"?: ?"?x/);
    }
  }
});

test("what is no private key is left as it is, however long it is", () => {
  const certificate = `-----BEGIN CERTIFICATE-----\n${randomBytes(600).toString("base64")}\n-----END CERTIFICATE-----\n`;
  const texts = [
    certificate,
    `tls.crt: ${Buffer.from(certificate).toString("base64")}\n`,
    "listen: 5432\nbackends: [10.0.0.11:5432]\n",
    "x".repeat(1_000_000),
    "x".repeat(50) + " ".repeat(100_000),
    `${"y".repeat(50)}\n`.repeat(20_000),
  ];
  for (const text of texts) expect(withoutPrivateKeys(text)).toBe(text);
});
