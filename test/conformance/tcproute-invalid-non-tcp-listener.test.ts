// Upstream's TCPRouteInvalidNonTCPListener: a TCPRoute that names a listener for other routes is not accepted.

import { expect, test } from "bun:test";
import { gatewayText, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  tryTls,
  visitTcp,
} from "../support/conformance.ts";

const LISTENERS = {
  HTTP: "{name: other, protocol: HTTP, port: 5300, allowedRoutes: {kinds: [{kind: HTTPRoute}]}}",
  "TLS Passthrough": "{name: other, protocol: TLS, port: 5300, tls: {mode: Passthrough}}",
};

test.each(Object.entries(LISTENERS))("an %s listener does not take a TCPRoute", async (protocol, listener) => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-echo-backend" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("mixed", { host }, listener),
    "route.yaml": tcpRouteText("tcp-route", {
      parents: "{name: mixed, sectionName: other}",
      backends: "{name: tcp-echo-backend, port: 3000}",
    }),
  });

  const refused = "Accepted=False/NotAllowedByListeners";
  await expectParents(gateway, `TCPRoute ${INFRA}/tcp-route`, ["Gateway mixed", refused]);
  const conditions = protocol === "HTTP" ? ["Accepted=False/UnsupportedProtocol"] : ["Accepted=True/Accepted"];
  await expectListeners(gateway, `Gateway ${INFRA}/mixed`, {
    other: { kinds: protocol === "HTTP" ? [] : ["TLSRoute"], routes: 0, conditions },
  });
  if (protocol === "HTTP") expect(await visitTcp({ host, port: 5300 })).toBe("refused");
  else expect(await tryTls({ host, port: 5300 }, { servername: "any.example.com" })).toBeOneOf(["reset", "fin"]);
  expect(backend.accepted).toBe(0);
});
