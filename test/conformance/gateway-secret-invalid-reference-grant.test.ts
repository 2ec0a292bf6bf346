// Upstream's GatewaySecretInvalidReferenceGrant, with a TLS listener for its HTTPS one: grants that are about something else, each of
// them by one word.

import { expect } from "bun:test";
import { grantText } from "../support/conformance-manifests.ts";
import {
  APP_BACKEND,
  documents,
  expectListeners,
  INFRA,
  makeAuthority,
  tlsTest,
  tryTls,
  WEB_BACKEND,
} from "../support/conformance.ts";
import { NOT_PERMITTED, startWithFarSecret } from "../support/far-secret.ts";

const GROUP = "gateway.networking.k8s.io";
const FROM = `{group: ${GROUP}, kind: Gateway, namespace: ${INFRA}}`;
const TO = '{group: "", kind: Secret, name: certificate}';

const WRONG = documents(
  grantText("wrong-namespace", APP_BACKEND, FROM, TO),
  grantText(
    "wrong-from-group",
    WEB_BACKEND,
    `{group: not-the-group.example.com, kind: Gateway, namespace: ${INFRA}}`,
    TO,
  ),
  grantText("wrong-from-kind", WEB_BACKEND, `{group: ${GROUP}, kind: TLSRoute, namespace: ${INFRA}}`, TO),
  grantText("wrong-from-set", WEB_BACKEND, `{group: ${GROUP}, kind: ListenerSet, namespace: ${INFRA}}`, TO),
  grantText("wrong-from-namespace", WEB_BACKEND, `{group: ${GROUP}, kind: Gateway, namespace: not-the-namespace}`, TO),
  grantText("wrong-to-group", WEB_BACKEND, FROM, "{group: not-the-group.example.com, kind: Secret, name: certificate}"),
  grantText("wrong-to-kind", WEB_BACKEND, FROM, '{group: "", kind: Service, name: certificate}'),
  grantText("wrong-to-name", WEB_BACKEND, FROM, '{group: "", kind: Secret, name: not-the-certificate}'),
);

tlsTest("no grant that is wrong in one word lets a Gateway use the Secret", async () => {
  await using authority = await makeAuthority();
  await using scene = await startWithFarSecret(authority, { grants: WRONG });
  await expectListeners(scene.gateway, scene.name, { tls: NOT_PERMITTED });
  expect(await tryTls(scene.place, scene.client)).toBeOneOf(["reset", "refused"]);
  expect(scene.backend.accepted).toBe(0);
});
