// Upstream's TCPRouteReferenceGrant: a backend of another namespace works by its grant, and only as long as that is there.

import { expect, test } from "bun:test";
import { GOOD_ROUTE, gatewayText, grantText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitMany,
  visitTcp,
  WEB_BACKEND,
} from "../support/conformance.ts";

const FROM = `{group: gateway.networking.k8s.io, kind: TCPRoute, namespace: ${INFRA}}`;

test.each(['{group: "", kind: Service, name: far}', '{group: "", kind: Service}'])(
  "a grant to %s opens the way, and its removal closes it at once",
  async (to) => {
    await using backend = await startEchoServer({ namespace: WEB_BACKEND, service: "far" });
    const host = loopbackHost();
    await using gateway = await ManifestGateway.start({
      "backends.yaml": documents(NAMESPACES, backend.manifests),
      "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 9320)),
      "route.yaml": tcpRouteText("reaching", {
        parents: "{name: front, sectionName: tcp}",
        backends: `{name: far, namespace: ${WEB_BACKEND}, port: 3000}`,
      }),
      "grant.yaml": grantText("grant", WEB_BACKEND, FROM, to),
    });

    await expectParents(gateway, `TCPRoute ${INFRA}/reaching`, ["Gateway front", ...GOOD_ROUTE]);
    expect(await visitTcp({ host, port: 9320 })).toBe("far");
    const { accepted } = backend;

    await gateway.remove("grant.yaml");
    const refused = ["Accepted=True/Accepted", "ResolvedRefs=False/RefNotPermitted"];
    await expectParents(gateway, `TCPRoute ${INFRA}/reaching`, ["Gateway front", ...refused]);
    expect(await visitMany({ host, port: 9320 }, 20)).toEqual({ reset: 20 });
    expect(backend.accepted).toBe(accepted);
  },
);
