// Upstream's GatewaySecretReferenceGrantAllInNamespace, with a TLS listener for its HTTPS one: a grant for all Secrets of its namespace lets a
// Gateway of another namespace show it, and only as long as the grant is there.

import { grantText } from "../support/conformance-manifests.ts";
import { INFRA, makeAuthority, tlsTest, WEB_BACKEND } from "../support/conformance.ts";
import { expectShownWhileGranted, startWithFarSecret } from "../support/far-secret.ts";

const FROM = `{group: gateway.networking.k8s.io, kind: Gateway, namespace: ${INFRA}}`;
const TO = '{group: "", kind: Secret}';

tlsTest("a grant for all Secrets of its namespace lets the Gateway show it until it is removed", async () => {
  await using authority = await makeAuthority();
  await using scene = await startWithFarSecret(authority, { grants: grantText("grant", WEB_BACKEND, FROM, TO) });
  await expectShownWhileGranted(scene);
});
