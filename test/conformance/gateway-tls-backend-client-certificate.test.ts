// Upstream's GatewayTLSBackendClientCertificate: a Gateway shows its certificate to backends that it speaks TLS to and that ask for
// one. On TCPRoutes, which the standard leaves open, as well as on TLSRoutes whose TLS has ended.

import { clientPair } from "../support/client-certificate-scene.ts";
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
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

const IDENTITY = '  tls: {backend: {clientCertificateRef: {group: "", kind: Secret, name: identity}}}\n';

tlsTest("a backend that wants a certificate is shown the Gateway's, as it is now", async () => {
  await using authority = await makeAuthority();
  await using stranger = await makeAuthority();
  const pair = await serverPair(authority, "abc.example.com");
  const ca = await authorityPem(authority);
  const tls = { ...pair, ca, requestCert: true, rejectUnauthorized: true };
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  const identity = async (by: typeof authority, name: string): Promise<string> =>
    secretText(INFRA, "identity", await clientPair(by, name));
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    more: IDENTITY,
    services: ["wanting", "wanting:3000"],
    files: {
      "identity.yaml": await identity(authority, "gateway"),
      "policy.yaml": documents(
        caText(INFRA, "ca", ca),
        backendTlsText("wanting", {
          target: "wanting#tls",
          authorities: caReference("ca"),
          hostname: "abc.example.com",
        }),
      ),
    },
  });
  const { gateway } = scene;

  const good = ["Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"];
  await expectConditions(gateway, `Gateway ${INFRA}/front`, ...good);
  await scene.expectMet("wanting", "tls abc.example.com shown gateway");
  await scene.expectMet("wanting:3000", "plain");

  await gateway.apply("identity.yaml", await identity(authority, "renewed"));
  await scene.expectMet("wanting", "tls abc.example.com shown renewed");
  await gateway.apply("identity.yaml", await identity(stranger, "strange"));
  await scene.expectMet("wanting", AWAY);
  await gateway.apply("gateway.yaml", scene.frontText(""));
  await scene.expectMet("wanting", AWAY);
  await gateway.write("identity.yaml", await identity(authority, "again"));
  await gateway.apply("gateway.yaml", scene.frontText(IDENTITY));
  await scene.expectMet("wanting", "tls abc.example.com shown again");
});
