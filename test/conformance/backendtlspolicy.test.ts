// Upstream's BackendTLSPolicy: a backend is spoken to in TLS, under the name and with the authorities that the policy says; who does
// not prove to be that gets no client. On TCPRoutes, which the standard leaves open, as well as on TLSRoutes whose TLS has ended.

import { expect } from "bun:test";
import { GOOD_POLICY, backendTlsText, caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  caText,
  documents,
  expectAncestors,
  INFRA,
  makeAuthority,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

tlsTest(
  "a backend is verified by name and authority, and the port that the policy does not name stays plain",
  async () => {
    await using authority = await makeAuthority();
    await using stranger = await makeAuthority();
    const tls = await serverPair(authority, "abc.example.com", "other.example.com");
    await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
    const policies = {
      good: { authorities: caReference("ca"), hostname: "abc.example.com" },
      "by-secret": { authorities: caReference("ca", "Secret"), hostname: "abc.example.com" },
      "host-mismatch": { authorities: caReference("ca"), hostname: "mismatch.example.com" },
      "cert-mismatch": { authorities: caReference("mismatch-ca"), hostname: "abc.example.com" },
      several: { authorities: `${caReference("mismatch-ca")}, ${caReference("ca")}`, hostname: "other.example.com" },
    };
    await using scene = await ReencryptScene.start({
      authority,
      backend,
      services: [...Object.keys(policies), "good:3000"],
      files: {
        "authorities.yaml": documents(
          caText(INFRA, "ca", await authorityPem(authority)),
          caText(INFRA, "ca", await authorityPem(authority), "Secret"),
          caText(INFRA, "mismatch-ca", await authorityPem(stranger)),
        ),
        "policies.yaml": documents(
          ...Object.entries(policies).map(([name, policy]) =>
            backendTlsText(name, { target: `${name}#tls`, ...policy }),
          ),
        ),
      },
    });

    for (const name of Object.keys(policies)) {
      await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/${name}`, [
        `Gateway ${INFRA}/front`,
        ...GOOD_POLICY,
      ]);
    }
    await scene.expectMet("good", "tls abc.example.com");
    await scene.expectMet("by-secret", "tls abc.example.com");
    await scene.expectMet("several", "tls other.example.com");
    await scene.expectMet("host-mismatch", AWAY);
    await scene.expectMet("cert-mismatch", AWAY);
    await scene.expectMet("good:3000", "plain");
  },
);

tlsTest("a ConfigMap whose content changes counts at once", async () => {
  await using authority = await makeAuthority();
  await using stranger = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  const [right, wrong] = await Promise.all([authority, stranger].map(authorityPem));
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    services: ["reconciled"],
    files: {
      "ca.yaml": caText(INFRA, "ca", right ?? ""),
      "policy.yaml": backendTlsText("reconciled", {
        target: "reconciled",
        authorities: caReference("ca"),
        hostname: "abc.example.com",
      }),
    },
  });
  const { gateway } = scene;
  const expectStatus = async (...conditions: readonly string[]): Promise<void> => {
    const ancestor = [`Gateway ${INFRA}/front`, ...conditions] as const;
    await expectAncestors(gateway, `BackendTLSPolicy ${INFRA}/reconciled`, ancestor);
  };

  await expectStatus(...GOOD_POLICY);
  await scene.expectMet("reconciled", "tls abc.example.com");
  await gateway.apply("ca.yaml", caText(INFRA, "ca", wrong ?? ""));
  await expectStatus(...GOOD_POLICY);
  await scene.expectMet("reconciled", AWAY);
  await gateway.apply("ca.yaml", caText(INFRA, "ca", right ?? ""));
  await scene.expectMet("reconciled", "tls abc.example.com");
  // A file that cannot be used keeps what it last said, and tells what is wrong with it.
  const { diagnostics } = await gateway.apply("ca.yaml", caText(INFRA, "ca", "no certificate"));
  expect(diagnostics).toContainEqual(
    expect.objectContaining({ file: expect.stringMatching(/ca\.yaml$/), severity: "error", code: "tls/not-pem" }),
  );
  await scene.expectMet("reconciled", "tls abc.example.com");
  await gateway.remove("ca.yaml");
  await expectStatus("Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidCACertificateRef");
  await scene.expectMet("reconciled", AWAY);
  await gateway.apply("ca.yaml", caText(INFRA, "ca", right ?? ""));
  await expectStatus(...GOOD_POLICY);
  await scene.expectMet("reconciled", "tls abc.example.com");
});
