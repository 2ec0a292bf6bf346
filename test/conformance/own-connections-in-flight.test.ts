// What upstream has no test for: what becomes of a connection when the manifests that brought it about change. It goes on: a change is for
// those who come after it.

import { expect, test } from "bun:test";
import { gatewayText, tcpListener, tcpRouteText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  serviceText,
  sliceText,
  startEchoServer,
  tlsTest,
  tryTls,
  visitMany,
  visitTcp,
} from "../support/conformance.ts";
import { Peer } from "../support/peer.ts";
import { tlsConnect } from "../support/tls-client.ts";

const PORT = 9700;
const GATEWAY = tcpListener("tcp", PORT);

function route(backends: string): string {
  return tcpRouteText("route", { parents: "{name: front}", backends });
}

/** A change of files, and who serves whoever comes after it. */
const CHANGES: readonly (readonly [what: string, file: string, text: string | undefined, then: string])[] = [
  ["the route has another backend", "route.yaml", route("{name: two, port: 3000}"), "two"],
  [
    "the backend's weight becomes 0",
    "route.yaml",
    route("{name: one, port: 3000, weight: 0}, {name: two, port: 3000}"),
    "two",
  ],
  ["the route's backend is not there any more", "route.yaml", route("{name: gone, port: 3000}"), "reset"],
  [
    "the Service has no endpoints any more",
    "one.yaml",
    documents(serviceText(INFRA, "one"), sliceText({ namespace: INFRA, service: "one", port: 0, tlsPort: 0 })),
    "reset",
  ],
  ["the Service is removed", "one.yaml", undefined, "reset"],
  ["the route is removed", "route.yaml", undefined, "reset"],
  ["the Gateway is removed", "gateway.yaml", undefined, "refused"],
  ["the Gateway has another port", "gateway.yaml", "{PORT}", "refused"],
];

test.each(CHANGES)("a connection goes on when %s", async (_, file, text, then) => {
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  await using two = await startEchoServer({ namespace: INFRA, service: "two" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "two.yaml": documents(NAMESPACES, two.manifests),
    "one.yaml": one.manifests,
    "gateway.yaml": gatewayText("front", { host }, GATEWAY),
    "route.yaml": route("{name: one, port: 3000}"),
  });
  await using client = await Peer.connect({ host, port: PORT });
  await client.read(1);
  if (text === undefined) await gateway.remove(file);
  else await gateway.apply(file, text.replace("{PORT}", gatewayText("front", { host }, tcpListener("tcp", PORT + 1))));

  expect(await visitMany({ host, port: PORT }, 10)).toEqual({ [then]: 10 });
  await client.send("TEST\n");
  await client.until(() => client.text.includes("}\n") || client.ending !== undefined);
  expect(client.text).toContain('"service":"one"');
  expect(client.ending).toBeUndefined();
  // To its own end, in order.
  client.finish();
  expect(await client.end()).toBe("fin");
});

tlsTest("a TLS connection goes on when its listener's certificate is taken away", async () => {
  await using authority = await makeAuthority();
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "one.yaml": documents(NAMESPACES, one.manifests),
    "secret.yaml": secretText(INFRA, "certificate", await serverPair(authority, "tls.example.com")),
    "gateway.yaml": gatewayText("front", { host }, tlsListener("tls", PORT, "{name: certificate}")),
    "route.yaml": tlsRouteText("route", {
      parents: "{name: front}",
      hostnames: "tls.example.com",
      backends: "{name: one, port: 3000}",
    }),
  });
  await using client = await tlsConnect(PORT, { host, servername: "tls.example.com", rejectUnauthorized: false });
  await client.read(1);
  await gateway.remove("secret.yaml");

  expect(await tryTls({ host, port: PORT }, { servername: "tls.example.com" })).toBeOneOf(["reset", "refused"]);
  await client.send("TEST\n");
  await client.until(() => client.text.includes("}\n") || client.ending !== undefined);
  expect(client.text).toContain('"service":"one"');
  expect(client.ending).toBeUndefined();
});

test("a change of one Gateway leaves the connections and the listener of another alone", async () => {
  await using one = await startEchoServer({ namespace: INFRA, service: "one" });
  const [host, other] = [loopbackHost(), loopbackHost()];
  await using gateway = await ManifestGateway.start({
    "one.yaml": documents(NAMESPACES, one.manifests),
    "gateway.yaml": gatewayText("front", { host }, GATEWAY),
    "route.yaml": route("{name: one, port: 3000}"),
    "other.yaml": gatewayText("other", { host: other }, GATEWAY),
  });
  await using client = await Peer.connect({ host, port: PORT });
  await client.read(1);
  for (let round = 1; round <= 10; round++) {
    await gateway.apply("other.yaml", gatewayText("other", { host: other }, tcpListener("tcp", PORT + round)));
  }
  expect(await visitTcp({ host, port: PORT })).toBe("one");
  await client.send("PING\n");
  await client.until(() => client.text.endsWith("PONG\n") || client.ending !== undefined);
  expect(client.ending).toBeUndefined();
});
