// Upstream's GatewayStaticAddresses: an address of an unknown type, one that is not this machine's, and one that is. They are taken out one
// after the other.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectAddresses,
  expectConditions,
  expectListeners,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitTcp,
} from "../support/conformance.ts";

const GATEWAY = `Gateway ${INFRA}/static`;
const UNSUPPORTED = '{type: test/fake-invalid-type, value: "fake address teehee!"}';
/** TEST-NET-1: no machine has it (RFC 5737). */
const UNUSABLE = "{value: 192.0.2.1}";

function withAddresses(...addresses: readonly string[]): string {
  return gatewayText("static", { more: `  addresses: [${addresses.join(", ")}]\n` }, tcpListener("tcp", 8080));
}

test("unsupported, then unusable, then usable", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  const usable = `{value: ${host}}`;
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": withAddresses(UNSUPPORTED, UNUSABLE, usable),
    "route.yaml": tcpRouteText("echo", { parents: "{name: static}", backends: "{name: echo, port: 3000}" }),
  });
  await expectConditions(gateway, GATEWAY, "Accepted=False/UnsupportedAddress", "Programmed=False");
  await expectAddresses(gateway, GATEWAY);
  expect(await visitTcp({ host, port: 8080 })).toBe("refused");

  await gateway.apply("gateway.yaml", withAddresses(UNUSABLE, usable));
  await expectConditions(gateway, GATEWAY, "Accepted=True/Accepted", "Programmed=False/AddressNotUsable");

  await gateway.apply("gateway.yaml", withAddresses(usable));
  await expectConditions(gateway, GATEWAY, "Accepted=True/Accepted", "Programmed=True/Programmed");
  await expectListeners(gateway, GATEWAY, { tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER } });
  await expectAddresses(gateway, GATEWAY, host);
  expect(await visitTcp({ host, port: 8080 })).toBe("echo");
});

test("all addresses are listened on", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const hosts = [loopbackHost(), loopbackHost()];
  const addresses = hosts.map((value) => `{type: IPAddress, value: ${value}}`);
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": withAddresses(...addresses),
    "route.yaml": tcpRouteText("echo", { parents: "{name: static}", backends: "{name: echo, port: 3000}" }),
  });
  await expectAddresses(gateway, GATEWAY, ...hosts);
  for (const host of hosts) expect(await visitTcp({ host, port: 8080 })).toBe("echo");
  expect(await visitTcp({ host: loopbackHost(), port: 8080 })).toBe("refused");
});
