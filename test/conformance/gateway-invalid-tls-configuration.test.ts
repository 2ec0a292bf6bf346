// Upstream's GatewayInvalidTLSConfiguration, with a TLS listener that terminates for its HTTPS one: a certificate that cannot be used shows
// in ResolvedRefs, and nobody is let in. Here the route is attached too, so that the listener has somebody to keep out.

import { expect } from "bun:test";
import { gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import {
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
  tryTls,
} from "../support/conformance.ts";

const HELLO = Buffer.from("Hello world\n").toString("base64");
const MALFORMED = `apiVersion: v1
kind: Secret
metadata: {namespace: ${INFRA}, name: malformed}
type: kubernetes.io/tls
data: {tls.crt: ${HELLO}, tls.key: ${HELLO}}
`;

tlsTest.each([
  ["a Secret that is not there", "{name: nonexistent}"],
  ["a group that is not known", "{group: wrong.group.company.io, kind: Secret, name: good}"],
  ["a kind that is not known", '{group: "", kind: WrongKind, name: good}'],
  ["a Secret without a certificate in it", "{name: malformed}"],
])("%s is InvalidCertificateRef, and no client gets through", async (_, reference) => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "tls.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  const route = tlsRouteText("echo", {
    parents: "{name: front}",
    hostnames: "tls.example.com",
    backends: "{name: echo, port: 3000}",
  });
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests, route),
    "secrets.yaml": documents(secretText(INFRA, "good", pair), MALFORMED),
    "gateway.yaml": gatewayText("front", { host }, tlsListener("tls", 8443, reference)),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tls: {
      kinds: ["TLSRoute"],
      routes: 1,
      conditions: ["ResolvedRefs=False/InvalidCertificateRef", "Programmed=False"],
    },
  });
  await expectConditions(gateway, `Gateway ${INFRA}/front`, "Programmed=False");
  const client = { servername: "tls.example.com" };
  expect(await tryTls({ host, port: 8443 }, client)).toBeOneOf(["reset", "refused"]);
  expect(backend.accepted).toBe(0);

  await gateway.apply("gateway.yaml", gatewayText("front", { host }, tlsListener("tls", 8443, "{name: good}")));
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tls: {
      kinds: ["TLSRoute"],
      routes: 1,
      conditions: ["ResolvedRefs=True/ResolvedRefs", "Programmed=True/Programmed"],
    },
  });
  expect(await tryTls({ host, port: 8443 }, client)).toMatchObject({ certificate: "tls.example.com", isTLS: false });
});
