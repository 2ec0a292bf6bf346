// Upstream's GatewaySecretReferenceGrantSpecific, with a TLS listener for its HTTPS one: a grant for this very Secret lets a
// Gateway of another namespace show it, and only as long as the grant is there.

import { expect } from "bun:test";
import { GOOD_LISTENER, grantText } from "../support/conformance-manifests.ts";
import {
  askTls,
  expectConditions,
  expectListeners,
  INFRA,
  makeAuthority,
  tlsTest,
  tryTls,
  WEB_BACKEND,
} from "../support/conformance.ts";
import { NOT_PERMITTED, startWithFarSecret } from "../support/far-secret.ts";

const FROM = `{group: gateway.networking.k8s.io, kind: Gateway, namespace: ${INFRA}}`;
const TO = '{group: "", kind: Secret, name: certificate}';

tlsTest("a grant for this very Secret lets the Gateway show it until it is removed", async () => {
  await using authority = await makeAuthority();
  await using scene = await startWithFarSecret(authority, { grants: grantText("grant", WEB_BACKEND, FROM, TO) });
  await expectConditions(scene.gateway, scene.name, "Accepted=True/Accepted", "Programmed=True/Programmed");
  await expectListeners(scene.gateway, scene.name, {
    tls: { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await askTls(scene.place, scene.client)).toMatchObject({ service: "echo", certificate: "tls.example.com" });
  const { accepted } = scene.backend;

  await scene.gateway.remove("grants.yaml");
  await expectListeners(scene.gateway, scene.name, { tls: NOT_PERMITTED });
  expect(await tryTls(scene.place, scene.client)).toBeOneOf(["reset", "refused"]);
  expect(scene.backend.accepted).toBe(accepted);
});
