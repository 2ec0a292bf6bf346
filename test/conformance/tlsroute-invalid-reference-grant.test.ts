// Upstream's TLSRouteInvalidReferenceGrant: a grant that is wrong in any one thing opens nothing, nor do all of them together.

import { expect } from "bun:test";
import { GOOD_ROUTE, gatewayText, grantText, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  APP_BACKEND,
  askTls,
  documents,
  expectParents,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  serverPair,
  startEchoServer,
  tlsTest,
  tryTls,
} from "../support/conformance.ts";

const GROUP = "gateway.networking.k8s.io";
const FROM = `{group: ${GROUP}, kind: TLSRoute, namespace: ${INFRA}}`;
const TO = '{group: "", kind: Service, name: far}';
const REFUSED = ["Accepted=True/Accepted", "ResolvedRefs=False/RefNotPermitted"];

const WRONG = [
  grantText("wrong-namespace", INFRA, FROM, TO),
  grantText("wrong-from-group", APP_BACKEND, `{group: not-the-group, kind: TLSRoute, namespace: ${INFRA}}`, TO),
  grantText("wrong-from-kind", APP_BACKEND, `{group: ${GROUP}, kind: TCPRoute, namespace: ${INFRA}}`, TO),
  grantText("wrong-from-namespace", APP_BACKEND, `{group: ${GROUP}, kind: TLSRoute, namespace: not-it}`, TO),
  grantText("wrong-to-group", APP_BACKEND, FROM, "{group: not-the-group, kind: Service, name: far}"),
  grantText("wrong-to-kind", APP_BACKEND, FROM, '{group: "", kind: Secret, name: far}'),
  grantText("wrong-to-name", APP_BACKEND, FROM, '{group: "", kind: Service, name: not-the-service}'),
];

tlsTest("of seven wrong grants none opens the way, nor all together; the right one does", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: APP_BACKEND, service: "far", tls });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("front", { host }, "{name: tls, protocol: TLS, port: 8443, tls: {mode: Passthrough}}"),
    "route.yaml": tlsRouteText("reaching", {
      parents: "{name: front}",
      hostnames: "abc.example.com",
      backends: `{name: far, namespace: ${APP_BACKEND}, port: 8443}`,
    }),
  });

  for (const grants of [...WRONG.map((grant) => [grant]), WRONG]) {
    await gateway.apply("grants.yaml", documents(...grants));
    await expectParents(gateway, `TLSRoute ${INFRA}/reaching`, ["Gateway front", ...REFUSED]);
    expect(await tryTls({ host, port: 8443 }, { servername: "abc.example.com" })).toBeOneOf(["reset", "fin"]);
  }
  expect(backend.accepted).toBe(0);

  await gateway.apply("grants.yaml", documents(...WRONG, grantText("right", APP_BACKEND, FROM, TO)));
  await expectParents(gateway, `TLSRoute ${INFRA}/reaching`, ["Gateway front", ...GOOD_ROUTE]);
  expect(await askTls({ host, port: 8443 }, { servername: "abc.example.com" })).toMatchObject({ service: "far" });
});
