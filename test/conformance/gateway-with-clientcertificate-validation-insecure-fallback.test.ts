// Upstream's GatewayFrontendClientCertificateValidationInsecureFallback, on TLS listeners, which is sallyport's extension: with
// AllowInsecureFallback everybody is let in, and the Gateway says so for as long as that is so.

import { expect } from "bun:test";
import { authorityText, clientPair, expectService } from "../support/client-certificate-scene.ts";
import { GOOD_LISTENER, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import { caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  documents,
  expectConditions,
  expectListeners,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";

const INSECURE = "InsecureFrontendValidationMode";

function frontend(modeOfDefault: string, modeOfPort: string): string {
  return `  tls:
    frontend:
      default: ${validation(modeOfDefault, "default-ca")}
      perPort: [{port: 8444, tls: ${validation(modeOfPort, "port-ca")}}]
`;
}

function validation(mode: string, ca: string): string {
  return `{validation: {mode: ${mode}, caCertificateRefs: [${caReference(ca)}]}}`;
}

tlsTest("everybody is let in while the Gateway says that it is insecure, and nobody else after", async () => {
  await using own = await makeAuthority();
  await using perPort = await makeAuthority();
  const [byDefault, byPort] = await Promise.all([clientPair(own, "by-default"), clientPair(perPort, "by-port")]);
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend" });
  const host = loopbackHost();
  const front = (modeOfDefault: string, modeOfPort: string): string =>
    gatewayText(
      "front",
      { host, more: frontend(modeOfDefault, modeOfPort) },
      tlsListener("tls", 8443, "{name: shown}"),
      tlsListener("named", 8444, "{name: shown}", ", hostname: second.example.org"),
    );
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(
      NAMESPACES,
      backend.manifests,
      secretText(INFRA, "shown", await serverPair(own, "example.org", "second.example.org")),
      authorityText("default-ca", await authorityPem(own)),
      authorityText("port-ca", await authorityPem(perPort)),
    ),
    "gateway.yaml": front("AllowInsecureFallback", "AllowInsecureFallback"),
    "route.yaml": tlsRouteText("all", {
      parents: "{name: front}",
      hostnames: "example.org, second.example.org",
      backends: "{name: tcp-backend, port: 3000}",
    }),
  });
  const places = [
    { place: { host, port: 8443 }, name: "example.org", good: byDefault, bad: byPort },
    { place: { host, port: 8444 }, name: "second.example.org", good: byPort, bad: byDefault },
  ];
  /** What becomes of clients that show nothing, or what the port does not want; per port. */
  const expectOthers = async (...wanted: readonly string[]): Promise<void> => {
    for (const [index, { place, name, good, bad }] of places.entries()) {
      await expectService(place, name, good, "tcp-backend");
      await expectService(place, name, bad, wanted[index] ?? "");
      await expectService(place, name, undefined, wanted[index] ?? "");
      await expectService(place, undefined, good, AWAY);
    }
  };

  const object = `Gateway ${INFRA}/front`;
  await expectConditions(gateway, object, "Accepted=True/Accepted", `${INSECURE}=True/ConfigurationChanged`);
  const wish = { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, object, { tls: wish, named: wish });
  await expectOthers("tcp-backend", "tcp-backend");

  await gateway.apply("gateway.yaml", front("AllowValidOnly", "AllowInsecureFallback"));
  await expectConditions(gateway, object, `${INSECURE}=True/ConfigurationChanged`);
  await expectOthers(AWAY, "tcp-backend");

  await gateway.apply("gateway.yaml", front("AllowValidOnly", "AllowValidOnly"));
  const { status } = await expectConditions(gateway, object, "Accepted=True/Accepted", "Programmed=True/Programmed");
  expect(status.conditions.map(({ type }) => type)).not.toContain(INSECURE);
  await expectOthers(AWAY, AWAY);
});
