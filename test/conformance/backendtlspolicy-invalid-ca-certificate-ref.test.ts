// Upstream's BackendTLSPolicyInvalidCACertificateRef: a policy none of whose authorities can be used keeps every client away, on the
// TLS port and on the plain one alike: nobody is spoken to as if there were no policy.

import { expect } from "bun:test";
import { GOOD_ROUTE } from "../support/conformance-manifests.ts";
import { backendTlsText, caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  caText,
  documents,
  expectAncestors,
  expectParents,
  INFRA,
  makeAuthority,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

const BAD = ["Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidCACertificateRef"];
const SERVICES = ["nonexistent", "malformed", "keyless", "empty", "not-an-authority"];

/** A policy for the TLS port, or all of a Service, with authorities that are known by a word. */
function wellKnown(word: string, service: string): string {
  const target = word === "System" ? `${service}#tls` : service;
  const text = backendTlsText(service, { target, authorities: "NONE", hostname: "abc.example.com" });
  return text.replace("caCertificateRefs: [NONE]", `wellKnownCACertificates: ${word}`);
}

tlsTest("authorities that are not there, or are none, lead to nobody", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    services: [
      "system",
      "system:3000",
      "unknown",
      "unknown:3000",
      ...SERVICES.flatMap((name) => [name, `${name}:3000`]),
      "partly",
    ],
    files: {
      "authorities.yaml": documents(
        caText(INFRA, "good", await authorityPem(authority)),
        caText(INFRA, "malformed", "-----BEGIN CERTIFICATE-----\nnot a certificate\n-----END CERTIFICATE-----\n"),
        `apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: ${INFRA}, name: keyless}\ndata: {other.crt: text}\n`,
        caText(INFRA, "empty", ""),
        caText(INFRA, "not-an-authority", tls.key),
      ),
      "policies.yaml": documents(
        wellKnown("System", "system"),
        wellKnown("example.com/Unknown", "unknown"),
        ...SERVICES.map((name) =>
          backendTlsText(name, { target: name, authorities: caReference(name), hostname: "abc.example.com" }),
        ),
        backendTlsText("partly", {
          target: "partly",
          authorities: `${caReference("malformed")}, ${caReference("good")}`,
          hostname: "abc.example.com",
        }),
      ),
    },
  });

  for (const name of SERVICES) {
    await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/${name}`, [`Gateway ${INFRA}/front`, ...BAD]);
    // The reference of the route is resolved: its Service is there.
    await expectParents(scene.gateway, `TCPRoute ${INFRA}/${name}`, ["Gateway front", ...GOOD_ROUTE]);
    await scene.expectMet(name, AWAY);
    await scene.expectMet(`${name}:3000`, AWAY);
  }
  const front = `Gateway ${INFRA}/front`;
  await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/unknown`, [front, "Accepted=False/Invalid"]);
  for (const service of ["unknown", "unknown:3000"]) await scene.expectMet(service, AWAY);
  expect(backend.accepted).toBe(0);

  // The system's authorities know nothing of this one.
  await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/system`, [front, "Accepted=True/Accepted"]);
  await scene.expectMet("system", AWAY);
  await scene.expectMet("system:3000", "plain");

  // One good authority is enough.
  const partly = ["Accepted=True/Accepted", "ResolvedRefs=False/InvalidCACertificateRef"];
  await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/partly`, [`Gateway ${INFRA}/front`, ...partly]);
  await scene.expectMet("partly", "tls abc.example.com");
});
