// Upstream's GatewaySecretMissingReferenceGrant, with a TLS listener for its HTTPS one: a certificate of another namespace that nobody
// granted is RefNotPermitted, whether it is there or not, and nobody is let in.

import { expect } from "bun:test";
import { expectListeners, makeAuthority, tlsTest, tryTls } from "../support/conformance.ts";
import { NOT_PERMITTED, startWithFarSecret } from "../support/far-secret.ts";

tlsTest.each(["certificate", "guessed"])("the Secret %s of another namespace cannot be referred to", async (name) => {
  await using authority = await makeAuthority();
  await using scene = await startWithFarSecret(authority, { name });
  await expectListeners(scene.gateway, scene.name, { tls: NOT_PERMITTED });
  expect(await tryTls(scene.place, scene.client)).toBeOneOf(["reset", "refused"]);
  expect(scene.backend.accepted).toBe(0);
});
