// Upstream's GatewayInvalidTLSBackendConfiguration: a certificate for backends that cannot be had is said of the Gateway, which is
// accepted all the same; backends that want one get no client.

import { clientPair } from "../support/client-certificate-scene.ts";
import { grantText } from "../support/conformance-manifests.ts";
import { backendTlsText, caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  caText,
  documents,
  expectConditions,
  INFRA,
  makeAuthority,
  secretText,
  serverPair,
  startEchoServer,
  tlsTest,
  WEB_BACKEND,
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

const INVALID = "InvalidClientCertificateRef";
const REFERENCES = [
  ['{group: "", kind: Secret, name: nonexistent}', INVALID],
  ["{group: wrong.group.example.com, kind: Secret, name: good}", INVALID],
  ['{group: "", kind: WrongKind, name: good}', INVALID],
  ['{group: "", kind: Secret, name: malformed}', INVALID],
  [`{group: "", kind: Secret, name: far, namespace: ${WEB_BACKEND}}`, "RefNotPermitted"],
] as const;

function more(reference: string): string {
  return `  tls: {backend: {clientCertificateRef: ${reference}}}\n`;
}

tlsTest("a certificate that cannot be had is not resolved, and what can be had comes live", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "abc.example.com");
  const ca = await authorityPem(authority);
  const tls = { ...pair, ca, requestCert: true, rejectUnauthorized: true };
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    more: more('{group: "", kind: Secret, name: nonexistent}'),
    services: ["wanting"],
    files: {
      "secrets.yaml": documents(
        secretText(INFRA, "good", await clientPair(authority, "good")),
        secretText(WEB_BACKEND, "far", await clientPair(authority, "far")),
        `apiVersion: v1\nkind: Secret\nmetadata: {namespace: ${INFRA}, name: malformed}\ntype: Opaque\ndata: {}\n`,
      ),
      "policy.yaml": documents(
        caText(INFRA, "ca", ca),
        backendTlsText("wanting", { target: "wanting", authorities: caReference("ca"), hostname: "abc.example.com" }),
      ),
    },
  });
  const { gateway } = scene;
  const front = `Gateway ${INFRA}/front`;

  for (const [reference, reason] of REFERENCES) {
    await gateway.apply("gateway.yaml", scene.frontText(more(reference)));
    await expectConditions(gateway, front, "Accepted=True/Accepted", `ResolvedRefs=False/${reason}`);
    await scene.expectMet("wanting", AWAY);
  }
  const from = `{group: gateway.networking.k8s.io, kind: Gateway, namespace: ${INFRA}}`;
  await gateway.apply("grant.yaml", grantText("far", WEB_BACKEND, from, '{group: "", kind: Secret, name: far}'));
  await expectConditions(gateway, front, "Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs");
  await scene.expectMet("wanting", "tls abc.example.com shown far");
});
