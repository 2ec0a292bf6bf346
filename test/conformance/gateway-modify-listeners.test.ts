// Upstream's GatewayModifyListeners, with TLS and TCP listeners for its HTTPS and HTTP ones: listeners are added and removed, and status
// and traffic follow. A connection through a listener that stays is not touched.

import { expect } from "bun:test";
import {
  GOOD_LISTENER,
  gatewayText,
  tcpListener,
  tcpRouteText,
  tlsListener,
  tlsRouteText,
} from "../support/conformance-manifests.ts";
import {
  askTls,
  type Authority,
  documents,
  expectListeners,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  readStatus,
  secretText,
  serverPair,
  startEchoServer,
  tlsTest,
  tryTls,
  visitTcp,
} from "../support/conformance.ts";
import { Peer } from "../support/peer.ts";

const TLS = tlsListener("tls", 8443, "{name: certificate}", ', hostname: "secure.test.com"');
const TCP = tcpListener("tcp", 8080);
const GATEWAY = `Gateway ${INFRA}/front`;
const WITH_TLS = { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER };
const WITH_TCP = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
const CLIENT = { servername: "secure.test.com" };

async function filesOf(
  authority: Authority,
  backend: string,
  host: string,
  ...listeners: readonly string[]
): Promise<Record<string, string>> {
  const secret = secretText(INFRA, "certificate", await serverPair(authority, "secure.test.com"));
  const to = { parents: "{name: front}", backends: "{name: echo, port: 3000}" };
  return {
    "backends.yaml": documents(NAMESPACES, backend, secret),
    "gateway.yaml": gatewayText("front", { host }, ...listeners),
    "routes.yaml": documents(tcpRouteText("tcp", to), tlsRouteText("tls", { ...to, hostnames: "secure.test.com" })),
  };
}

tlsTest("a listener that is added takes the routes that were waiting for it", async () => {
  await using authority = await makeAuthority();
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start(await filesOf(authority, backend.manifests, host, TLS));
  const before = await expectListeners(gateway, GATEWAY, { tls: WITH_TLS });
  expect(await visitTcp({ host, port: 8080 })).toBe("refused");

  await gateway.apply("gateway.yaml", gatewayText("front", { host }, TLS, TCP));
  const after = await expectListeners(gateway, GATEWAY, { tls: WITH_TLS, tcp: WITH_TCP });
  expect(after.generation).toBe(before.generation + 1);
  expect(await visitTcp({ host, port: 8080 })).toBe("echo");
  expect(await askTls({ host, port: 8443 }, CLIENT)).toMatchObject({ service: "echo", certificate: "secure.test.com" });
});

tlsTest("a listener that is removed lets nobody in, and the other one goes on", async () => {
  await using authority = await makeAuthority();
  await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start(await filesOf(authority, backend.manifests, host, TLS, TCP));
  const before = await expectListeners(gateway, GATEWAY, { tls: WITH_TLS, tcp: WITH_TCP });
  expect(await askTls({ host, port: 8443 }, CLIENT)).toMatchObject({ service: "echo" });
  await using live = await Peer.connect({ host, port: 8080 });
  await live.read(1);

  await gateway.apply("gateway.yaml", gatewayText("front", { host }, TCP));
  const after = await expectListeners(gateway, GATEWAY, { tcp: WITH_TCP });
  expect(after.generation).toBe(before.generation + 1);
  expect(await tryTls({ host, port: 8443 }, CLIENT)).toBe("refused");
  expect(await visitTcp({ host, port: 8080 })).toBe("echo");
  await live.send("PING\n");
  await live.until(() => live.text.endsWith("PONG\n") || live.ending !== undefined);
  expect(live.ending).toBeUndefined();
  // The route is as it was written, and only its parent has changed.
  expect((await readStatus(gateway, `TLSRoute ${INFRA}/tls`)).generation).toBe(1);
});
