// Upstream's GatewayListenerUnsupportedProtocol: a listener with a protocol that nobody knows is not accepted, and its Gateway is
// as long as another listener is.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectConditions,
  expectListeners,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitTcp,
} from "../support/conformance.ts";

const INVALID = "{name: invalid, protocol: INVALID, port: 1111}";
const UNSUPPORTED = {
  kinds: [],
  routes: 0,
  conditions: ["Accepted=False/UnsupportedProtocol", "Programmed=False/Invalid"],
};

test("a Gateway with nothing but an unknown protocol is not accepted", async () => {
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "gateway.yaml": documents(NAMESPACES, gatewayText("only-unsupported", { host }, INVALID)),
  });
  const name = `Gateway ${INFRA}/only-unsupported`;
  await expectConditions(gateway, name, "Accepted=False/ListenersNotValid", "Programmed=False/Invalid");
  await expectListeners(gateway, name, { invalid: UNSUPPORTED });
  expect(await visitTcp({ host, port: 1111 })).toBe("refused");
});

test("a Gateway with a good listener beside it is accepted and works", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("both", { host }, tcpListener("tcp", 8080), INVALID),
    "route.yaml": tcpRouteText("echo", { parents: "{name: both}", backends: "{name: echo, port: 3000}" }),
  });
  const name = `Gateway ${INFRA}/both`;
  await expectConditions(gateway, name, "Accepted=True/ListenersNotValid", "Programmed=True/Programmed");
  await expectListeners(gateway, name, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
    invalid: UNSUPPORTED,
  });
  expect(await visitTcp({ host, port: 8080 })).toBe("echo");
});

test.each(["HTTP", "HTTPS", "UDP"])("%s is known and not supported", async (protocol) => {
  const tls = protocol === "HTTPS" ? ", tls: {certificateRefs: [{name: some}]}" : "";
  await using gateway = await ManifestGateway.start({
    "gateway.yaml": gatewayText("web", {}, `{name: it, protocol: ${protocol}, port: 8080${tls}}`),
  });
  await expectListeners(gateway, `Gateway ${INFRA}/web`, {
    it: { kinds: [], routes: 0, conditions: ["Accepted=False/UnsupportedProtocol", "Programmed=False/Invalid"] },
  });
});
