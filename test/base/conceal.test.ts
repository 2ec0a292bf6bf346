import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";

import { conceal, isSecretive } from "../../src/base/conceal.ts";

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
