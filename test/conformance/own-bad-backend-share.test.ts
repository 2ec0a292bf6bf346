// What upstream has no test for (TCPRoute, backendRefs): a backend that cannot be used keeps its share of the connections, and exactly
// that share is reset, before a byte is said; nothing else happens to anybody.

import { expect, test } from "bun:test";
import { GOOD_LISTENER, gatewayText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  serviceText,
  sliceText,
  startEchoServer,
  visitMany,
  WEB_BACKEND,
} from "../support/conformance.ts";

/** What is wrong with the other backend, as a backendRef and documents; what its route is told. */
const BAD: readonly (readonly [what: string, reference: string, more: string, told: string])[] = [
  ["a Service that is not there", "name: nowhere, port: 3000", "", "ResolvedRefs=False/BackendNotFound"],
  ["a port that its Service has not", "name: good, port: 3999", "", "ResolvedRefs=False/BackendNotFound"],
  ["a kind that is not known", "kind: Pod, name: good, port: 3000", "", "ResolvedRefs=False/InvalidKind"],
  [
    "a kind of a group that is not known",
    "group: example.com, kind: Service, name: good, port: 3000",
    "",
    "ResolvedRefs=False/InvalidKind",
  ],
  [
    "a Service that nobody granted",
    `namespace: ${WEB_BACKEND}, name: far, port: 3000`,
    serviceText(WEB_BACKEND, "far"),
    "ResolvedRefs=False/RefNotPermitted",
  ],
  [
    // The reference itself is right.
    "a Service without endpoints",
    "name: empty, port: 3000",
    documents(serviceText(INFRA, "empty"), sliceText({ namespace: INFRA, service: "empty", port: 0, tlsPort: 0 })),
    "ResolvedRefs=True/ResolvedRefs",
  ],
];

test.each(BAD)(
  "%s keeps its share, which is reset",
  async (_, reference, more, told) => {
    await using backend = await startEchoServer({ namespace: INFRA, service: "good" });
    const host = loopbackHost();
    const route = (good: number, bad: number): string =>
      tcpRouteText("shared", {
        parents: "{name: front}",
        backends: `{name: good, port: 3000, weight: ${good}}, {${reference}, weight: ${bad}}`,
      });
    await using gateway = await ManifestGateway.start({
      "backends.yaml": documents(NAMESPACES, backend.manifests, ...(more === "" ? [] : [more])),
      "gateway.yaml": gatewayText("front", { host }, tcpListener("tcp", 9600)),
      "route.yaml": route(20, 80),
    });
    const place = { host, port: 9600 };
    await expectParents(gateway, `TCPRoute ${INFRA}/shared`, ["Gateway front", "Accepted=True/Accepted", told]);
    await expectListeners(gateway, `Gateway ${INFRA}/front`, {
      tcp: { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER },
    });
    expect(await visitMany(place, 300)).toEqual({ good: 60, reset: 240 });

    await gateway.apply("route.yaml", route(999, 1));
    await expectParents(gateway, `TCPRoute ${INFRA}/shared`, ["Gateway front", told]);
    const { good = 0, reset = 0, ...others } = await visitMany(place, 1000);
    expect({ good, reset, others }).toEqual({ good: 999, reset: 1, others: {} });

    // A share of nothing is nobody's.
    await gateway.apply("route.yaml", route(1, 0));
    await expectParents(gateway, `TCPRoute ${INFRA}/shared`, ["Gateway front", told]);
    expect(await visitMany(place, 50)).toEqual({ good: 50 });
    expect(backend.accepted).toBe(60 + 999 + 50);
  },
  30_000,
);
