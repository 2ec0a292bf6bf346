// Upstream's GatewayOptionalAddressValue: an address without a value gets one.

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
import { freePort } from "../support/free-port.ts";

test.each(["IPAddress", "Hostname"])(
  "a Gateway with an address of type %s and no value listens somewhere",
  async (type) => {
    await using backend = await startEchoServer({ namespace: INFRA, service: "echo" });
    // It is every address, so that its port has to be free everywhere.
    const port = freePort();
    await using gateway = await ManifestGateway.start({
      "backends.yaml": documents(NAMESPACES, backend.manifests),
      "gateway.yaml": gatewayText("front", { more: `  addresses: [{type: ${type}}]\n` }, tcpListener("tcp", port)),
      "route.yaml": tcpRouteText("echo", { parents: "{name: front}", backends: "{name: echo, port: 3000}" }),
    });
    const seen = await expectConditions(
      gateway,
      `Gateway ${INFRA}/front`,
      "Accepted=True",
      "Programmed=True/Programmed",
    );
    expect(seen.status.addresses).not.toEqual([]);
    for (const { type: given, value } of seen.status.addresses) {
      expect(given).toBe("IPAddress");
      expect(value).not.toBe("");
    }
    expect(await visitTcp({ host: loopbackHost(), port })).toBe("echo");
  },
);
