// What upstream has no test for: two Gateways that want one address and port. Here there is no cluster that gives each an address of its own;
// the older one has it, and the other one says so.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  type EchoServer,
  expectConditions,
  expectListeners,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  tryTls,
  visitTcp,
} from "../support/conformance.ts";
import { freePort } from "../support/free-port.ts";

const PORT = 9500;
const UNAVAILABLE = ["Accepted=False/PortUnavailable", "Programmed=False"];

/** A Gateway with a TCP listener and a route to a Service of the same name, as old as that second. */
function tcpPair(name: string, host: string | undefined, second: number, port = PORT): string {
  const age = `, creationTimestamp: "2026-01-02T12:00:0${second}Z"}\nspec:`;
  return documents(
    gatewayText(name, host === undefined ? {} : { host }, tcpListener("tcp", port)).replace("}\nspec:", age),
    tcpRouteText(name, { parents: `{name: ${name}}`, backends: `{name: ${name}, port: 3000}` }),
  );
}

async function startBoth(): Promise<readonly [older: EchoServer, newer: EchoServer]> {
  return [
    await startEchoServer({ namespace: INFRA, service: "older" }),
    await startEchoServer({ namespace: INFRA, service: "newer" }),
  ];
}

test("of two Gateways with one address and port the older one has it, until it goes", async () => {
  const [older, newer] = await startBoth();
  await using _older = older;
  await using _newer = newer;
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, older.manifests, newer.manifests),
    // In order of names the newer one would be first.
    "a.yaml": tcpPair("newer", host, 1),
    "z.yaml": tcpPair("older", host, 0),
  });
  await expectConditions(gateway, `Gateway ${INFRA}/older`, "Accepted=True/Accepted", "Programmed=True/Programmed");
  await expectListeners(gateway, `Gateway ${INFRA}/newer`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: UNAVAILABLE },
  });
  await expectConditions(gateway, `Gateway ${INFRA}/newer`, "Accepted=False/ListenersNotValid", "Programmed=False");
  expect(await visitTcp({ host, port: PORT })).toBe("older");

  await gateway.remove("z.yaml");
  await expectListeners(gateway, `Gateway ${INFRA}/newer`, {
    tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
  });
  expect(await visitTcp({ host, port: PORT })).toBe("newer");
});

test("a TLS listener does not share the port of another Gateway's TCP listener", async () => {
  const [older, newer] = await startBoth();
  await using _older = older;
  await using _newer = newer;
  const host = loopbackHost();
  const tls = "{name: tls, protocol: TLS, port: 9500, hostname: a.example.com, tls: {mode: Passthrough}}";
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, older.manifests, newer.manifests),
    "older.yaml": tcpPair("older", host, 0),
    "newer.yaml": gatewayText("newer", { host }, tls),
  });
  await expectConditions(gateway, `Gateway ${INFRA}/older`, "Accepted=True/Accepted", "Programmed=True/Programmed");
  await expectListeners(gateway, `Gateway ${INFRA}/newer`, {
    tls: { kinds: ["TLSRoute"], routes: 0, conditions: UNAVAILABLE },
  });
  expect(await visitTcp({ host, port: PORT })).toBe("older");
  // Whoever speaks TLS there is a client of the older one too, whose backend does not.
  await expect(tryTls({ host, port: PORT }, { servername: "a.example.com" })).rejects.toThrow();
});

test.each(["older", "newer"])(
  "one address and all addresses do not go together on a port: %s has all",
  async (wide) => {
    const [older, newer] = await startBoth();
    await using _older = older;
    await using _newer = newer;
    const host = loopbackHost();
    // It has to be free everywhere.
    const port = freePort();
    await using gateway = await ManifestGateway.start({
      "backends.yaml": documents(NAMESPACES, older.manifests, newer.manifests),
      "a.yaml": tcpPair("newer", wide === "newer" ? undefined : host, 1, port),
      "z.yaml": tcpPair("older", wide === "older" ? undefined : host, 0, port),
    });
    await expectConditions(gateway, `Gateway ${INFRA}/older`, "Accepted=True/Accepted", "Programmed=True/Programmed");
    await expectListeners(gateway, `Gateway ${INFRA}/newer`, {
      tcp: { kinds: ["TCPRoute"], routes: 1, conditions: UNAVAILABLE },
    });
    expect(await visitTcp({ host, port })).toBe("older");
  },
);

test("Gateways with addresses of their own have one port each", async () => {
  const [older, newer] = await startBoth();
  await using _older = older;
  await using _newer = newer;
  const [one, two] = [loopbackHost(), loopbackHost()];
  await using _gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, older.manifests, newer.manifests),
    "older.yaml": tcpPair("older", one, 0),
    "newer.yaml": tcpPair("newer", two, 1),
  });
  expect(await visitTcp({ host: one, port: PORT })).toBe("older");
  expect(await visitTcp({ host: two, port: PORT })).toBe("newer");
});
