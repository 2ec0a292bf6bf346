// Upstream's GatewayInvalidFrontendClientCertificateValidation, on TLS listeners, which is sallyport's extension: a port whose
// authorities cannot be used is not accepted and serves nobody, with any certificate; the others go on.

import { expect } from "bun:test";
import { authorityText, clientPair, expectService } from "../support/client-certificate-scene.ts";
import { GOOD_LISTENER, gatewayText, grantText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import { caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  caText,
  documents,
  expectConditions,
  expectListeners,
  INFRA,
  type ListenerWish,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  serviceFor,
  startEchoServer,
  tlsTest,
  WEB_BACKEND,
} from "../support/conformance.ts";

/** Of each port that cannot have clients its reference to authorities and what is said of that. */
const WRONG = {
  unresolved: { port: 7443, reference: caReference("nonexistent"), reason: "InvalidCACertificateRef" },
  malformed: { port: 7444, reference: caReference("malformed"), reason: "InvalidCACertificateRef" },
  "invalid-kind": {
    port: 8443,
    reference: '{group: "", kind: Service, name: tcp-backend}',
    reason: "InvalidCACertificateKind",
  },
  "grant-missing": {
    port: 6443,
    reference: `{group: "", kind: ConfigMap, name: far-ca, namespace: ${WEB_BACKEND}}`,
    reason: "RefNotPermitted",
  },
};

const FRONTEND = `  tls:
    frontend:
      default: {validation: {caCertificateRefs: [${caReference("default-ca")}]}}
      perPort:
${Object.values(WRONG)
  .map(({ port, reference }) => `        - {port: ${port}, tls: {validation: {caCertificateRefs: [${reference}]}}}\n`)
  .join("")}`;

const NOBODY = [AWAY, "refused"];

function wish(conditions: readonly string[]): ListenerWish {
  return { kinds: ["TLSRoute"], routes: 1, conditions };
}

function bad(reason: string): ListenerWish {
  return wish(["Accepted=False/NoValidCACertificate", "Programmed=False", `ResolvedRefs=False/${reason}`]);
}

tlsTest("a port without authorities is not accepted, and serves nobody until it has some", async () => {
  await using authority = await makeAuthority();
  const client = await clientPair(authority, "client");
  const ca = await authorityPem(authority);
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(
      NAMESPACES,
      backend.manifests,
      secretText(INFRA, "shown", await serverPair(authority, "example.org")),
      authorityText("default-ca", ca),
      authorityText("malformed", "no certificate"),
      caText(WEB_BACKEND, "far-ca", ca),
    ),
    "gateway.yaml": gatewayText(
      "front",
      { host, more: FRONTEND },
      tlsListener("good", 9443, "{name: shown}"),
      ...Object.entries(WRONG).map(([name, { port }]) => tlsListener(name, port, "{name: shown}")),
    ),
    "route.yaml": tlsRouteText("all", {
      parents: "{name: front}",
      hostnames: "example.org",
      backends: "{name: tcp-backend, port: 3000}",
    }),
  });

  const wrong = Object.fromEntries(Object.entries(WRONG).map(([name, { reason }]) => [name, bad(reason)]));
  const object = `Gateway ${INFRA}/front`;
  await expectListeners(gateway, object, { good: wish(GOOD_LISTENER), ...wrong });
  await expectConditions(gateway, object, "Accepted=True/ListenersNotValid", "Programmed=True");
  await expectService({ host, port: 9443 }, "example.org", client, "tcp-backend");
  const { accepted } = backend;
  for (const { port } of Object.values(WRONG)) {
    for (const shown of [client, undefined]) {
      expect(await serviceFor({ host, port }, { servername: "example.org", ...shown })).toBeOneOf(NOBODY);
    }
  }
  expect(backend.accepted).toBe(accepted);

  const from = `{group: gateway.networking.k8s.io, kind: Gateway, namespace: ${INFRA}}`;
  await gateway.write("grant.yaml", grantText("authorities", WEB_BACKEND, from, '{group: "", kind: ConfigMap}'));
  await gateway.apply("late.yaml", authorityText("nonexistent", ca));
  const late = { unresolved: wish(GOOD_LISTENER), "grant-missing": wish(GOOD_LISTENER) };
  await expectListeners(gateway, object, { good: wish(GOOD_LISTENER), ...wrong, ...late });
  for (const port of [7443, 6443]) {
    await expectService({ host, port }, "example.org", client, "tcp-backend");
    await expectService({ host, port }, "example.org", undefined, AWAY);
  }
});
