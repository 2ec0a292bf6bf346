// Upstream's GatewayInvalidParametersRef: parameters that nobody knows keep a Gateway from being accepted.

import { expect, test } from "bun:test";
import { gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectConditions,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitTcp,
} from "../support/conformance.ts";

const PARAMETERS = "  infrastructure: {parametersRef: {group: invalid.io, kind: InvalidParameters, name: invalid}}\n";

test("a Gateway with parameters is not accepted and does not listen, until they are taken out", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  const listener = tcpListener("tcp", 8080);
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("front", { host, more: PARAMETERS }, listener),
    "route.yaml": tcpRouteText("echo", { parents: "{name: front}", backends: "{name: echo, port: 3000}" }),
  });
  const name = `Gateway ${INFRA}/front`;
  await expectConditions(gateway, name, "Accepted=False/InvalidParameters", "Programmed=False/Invalid");
  expect(await visitTcp({ host, port: 8080 })).toBe("refused");

  await gateway.apply("gateway.yaml", gatewayText("front", { host }, listener));
  await expectConditions(gateway, name, "Accepted=True/Accepted", "Programmed=True/Programmed");
  expect(await visitTcp({ host, port: 8080 })).toBe("echo");
});
