// Upstream's HTTPRouteInvalidReferenceGrant, with a TCPRoute: grants that are about something else, each of them by one word.

import { expect, test } from "bun:test";
import { gatewayText, grantText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  APP_BACKEND,
  documents,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitMany,
  visitTcp,
  WEB_BACKEND,
} from "../support/conformance.ts";

const GROUP = "gateway.networking.k8s.io";
const FROM = `{group: ${GROUP}, kind: TCPRoute, namespace: ${INFRA}}`;
const TO = '{group: "", kind: Service, name: far}';

const WRONG = documents(
  grantText("wrong-namespace", WEB_BACKEND, FROM, TO),
  grantText(
    "wrong-from-group",
    APP_BACKEND,
    `{group: not-the-group.example.com, kind: TCPRoute, namespace: ${INFRA}}`,
    TO,
  ),
  grantText("wrong-from-kind", APP_BACKEND, `{group: ${GROUP}, kind: TLSRoute, namespace: ${INFRA}}`, TO),
  grantText("wrong-from-namespace", APP_BACKEND, `{group: ${GROUP}, kind: TCPRoute, namespace: not-the-namespace}`, TO),
  grantText("wrong-to-group", APP_BACKEND, FROM, "{group: not-the-group.example.com, kind: Service, name: far}"),
  grantText("wrong-to-kind", APP_BACKEND, FROM, '{group: "", kind: Secret, name: far}'),
  grantText("wrong-to-name", APP_BACKEND, FROM, '{group: "", kind: Service, name: near}'),
);

test("no grant that is wrong in one word lets a route use the Service", async () => {
  await using backend = await startEchoServer({ namespace: APP_BACKEND, service: "far" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 8080)),
    "route.yaml": tcpRouteText("reaching", {
      parents: "{name: front, sectionName: tcp}",
      backends: `{name: far, namespace: ${APP_BACKEND}, port: 3000}`,
    }),
    "grants.yaml": WRONG,
  });
  const refused = ["Accepted=True/Accepted", "ResolvedRefs=False/RefNotPermitted"];
  await expectParents(gateway, `TCPRoute ${INFRA}/reaching`, ["Gateway front", ...refused]);
  expect(await visitMany({ host, port: 8080 }, 10)).toEqual({ reset: 10 });
  expect(backend.accepted).toBe(0);

  // One that is right beside all that are wrong is enough.
  await gateway.apply("right.yaml", grantText("right", APP_BACKEND, FROM, TO));
  await expectParents(gateway, `TCPRoute ${INFRA}/reaching`, ["Gateway front", "ResolvedRefs=True/ResolvedRefs"]);
  expect(await visitTcp({ host, port: 8080 })).toBe("far");
});
