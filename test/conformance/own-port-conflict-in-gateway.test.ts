// What upstream has no test for (GEP-2644, GatewaySpec.listeners): listeners of one Gateway that are in each other's way on a port. Nobody
// wins, all of them are conflicted, and nothing listens there; listeners on other ports go on.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectConditions,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitTcp,
} from "../support/conformance.ts";

const GATEWAY = `Gateway ${INFRA}/front`;
const GOOD = tcpListener("good", 9401);
const CONFLICTED = [
  "Accepted=False/ProtocolConflict",
  "Programmed=False/ProtocolConflict",
  "Conflicted=True/ProtocolConflict",
];

function filesOf(host: string, backend: string, ...listeners: readonly string[]): Record<string, string> {
  return {
    "backends.yaml": documents(NAMESPACES, backend),
    "gateway.yaml": gatewayText("front", { host }, ...listeners),
    "route.yaml": tcpRouteText("echo", { parents: "{name: front}", backends: "{name: echo, port: 3000}" }),
  };
}

test.each([
  ["TLS", "{name: two, protocol: TLS, port: 9400, hostname: a.example.com, tls: {mode: Passthrough}}", "TLSRoute", 0],
  ["HTTP", "{name: two, protocol: HTTP, port: 9400}", undefined, 0],
] as const)(
  "a TCP and a %s listener on one port are both conflicted, and one on another port is not",
  async (...given) => {
    const [, two, kind, routes] = given;
    await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
    const host = loopbackHost();
    await using gateway = await ManifestGateway.start(
      filesOf(host, backend.manifests, tcpListener("one", 9400), two, GOOD),
    );
    await expectConditions(gateway, GATEWAY, "Accepted=True/ListenersNotValid", "Programmed=True/Programmed");
    const isHttp = kind === undefined;
    await expectListeners(gateway, GATEWAY, {
      one: { kinds: ["TCPRoute"], routes: 1, conditions: CONFLICTED },
      two: {
        kinds: isHttp ? [] : [kind],
        routes,
        conditions: CONFLICTED,
      },
      good: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
    });
    await expectParents(gateway, `TCPRoute ${INFRA}/echo`, ["Gateway front", "Accepted=True/Accepted"]);
    expect(await visitTcp({ host, port: 9400 })).toBe("refused");
    expect(await visitTcp({ host, port: 9401 })).toBe("echo");

    await gateway.apply("gateway.yaml", gatewayText("front", { host }, tcpListener("one", 9400), GOOD));
    const attached = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
    await expectListeners(gateway, GATEWAY, { one: attached, good: attached });
    expect(await visitTcp({ host, port: 9400 })).toBe("echo");
  },
);

test("two TCP listeners on one port are a mistake of the document, which keeps its last good version", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start(filesOf(host, backend.manifests, tcpListener("one", 9400), GOOD));
  const attached = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, GATEWAY, { one: attached, good: attached });

  const twice = gatewayText("front", { host }, tcpListener("one", 9400), tcpListener("two", 9400), GOOD);
  const { diagnostics } = await gateway.apply("gateway.yaml", twice);
  expect(diagnostics.filter(({ severity }) => severity === "error")).toHaveLength(1);
  const seen = await expectListeners(gateway, GATEWAY, { one: attached, good: attached });
  expect(seen.generation).toBe(1);
  expect(await visitTcp({ host, port: 9400 })).toBe("echo");
});

test("on a cold start such a document lets nobody in, and everything else works", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const [host, other] = [loopbackHost(), loopbackHost()];
  await using gateway = await ManifestGateway.start({
    ...filesOf(host, backend.manifests, tcpListener("one", 9400), tcpListener("two", 9400)),
    "other.yaml": documents(
      gatewayText("other", { host: other }, tcpListener("tcp", 9400)),
      tcpRouteText("other", { parents: "{name: other}", backends: "{name: echo, port: 3000}" }),
    ),
  });
  expect((await gateway.diagnostics()).filter(({ severity }) => severity === "error")).toHaveLength(1);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    one: { kinds: ["TCPRoute"], routes: 1, conditions: ["Accepted=False", "Programmed=False"] },
    two: { kinds: ["TCPRoute"], routes: 1, conditions: ["Accepted=False", "Programmed=False"] },
  });
  expect(await visitTcp({ host, port: 9400 })).toBe("refused");
  expect(await visitTcp({ host: other, port: 9400 })).toBe("echo");
});
