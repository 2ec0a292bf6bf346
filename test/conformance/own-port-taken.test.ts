// What upstream has no test for, because a cluster has no such thing: the port of a listener is somebody else's on this machine. The listener
// says so and nothing else suffers, and it is there as soon as the port is free.

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
import { startBackend } from "../support/backend.ts";

const GATEWAY = `Gateway ${INFRA}/front`;
const PORT = 9900;
const ATTACHED = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };

test("a listener whose port is taken is PortUnavailable, the other one works, and it comes when the port is free", async () => {
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using stranger = await startBackend((peer) => peer.socket.end("somebody else"), { host, port: PORT });
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("front", { host }, tcpListener("taken", PORT), tcpListener("free", PORT + 1)),
    "route.yaml": tcpRouteText("echo", { parents: "{name: front}", backends: "{name: echo, port: 3000}" }),
  });
  await expectConditions(gateway, GATEWAY, "Accepted=True/ListenersNotValid", "Programmed=True/Programmed");
  const conditions = ["Accepted=False/PortUnavailable", "Programmed=False/PortUnavailable"];
  await expectListeners(gateway, GATEWAY, { taken: { ...ATTACHED, conditions }, free: ATTACHED });
  expect(await visitTcp({ host, port: PORT + 1 })).toBe("echo");

  await stranger.close();
  await gateway.reload();
  await expectListeners(gateway, GATEWAY, { taken: ATTACHED, free: ATTACHED });
  await expectConditions(gateway, GATEWAY, "Accepted=True/Accepted", "Programmed=True/Programmed");
  expect(await visitTcp({ host, port: PORT })).toBe("echo");
});
