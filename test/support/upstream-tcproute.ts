// What upstream asserts of its TCPRoute tests, all of it: statuses and traffic, on its own manifests.

import { expect } from "bun:test";
import { askTcp, expectListeners, expectParents, INFRA, visitMany, visitTcp } from "./conformance.ts";
import { GOOD_ROUTE, tcpRouteText } from "./conformance-manifests.ts";
import type { UpstreamScene } from "./upstream-suite.ts";

/** By the name of the test. */
export type UpstreamChecks = Readonly<Record<string, (scene: UpstreamScene) => Promise<void>>>;

export const TCP_ROUTE_CHECKS: UpstreamChecks = {
  async TCPRouteInvalidBackendRefNonexistent({ gateway }) {
    const route = `TCPRoute ${INFRA}/tcp-route-invalid-backend-ref-nonexistent`;
    await expectParents(gateway, route, ["Gateway tcp-gateway-invalid-backend", "ResolvedRefs=False/BackendNotFound"]);
  },

  async TCPRouteInvalidCrossNamespaceBackendRef({ gateway }) {
    await expectParents(gateway, `TCPRoute ${INFRA}/tcp-invalid-cross-namespace-backend-ref`, [
      "Gateway tcp-invalid-cross-namespace-backend-ref-gateway",
      "Accepted=True",
      "ResolvedRefs=False/RefNotPermitted",
    ]);
  },

  async TCPRouteInvalidNonTCPListener({ gateway }) {
    await expectParents(gateway, `TCPRoute ${INFRA}/tcp-route`, [
      "Gateway tcp-mixed-protocol-gateway",
      "Accepted=False/NotAllowedByListeners",
    ]);
    await expectListeners(gateway, `Gateway ${INFRA}/tcp-mixed-protocol-gateway`, {
      "only-allow-http-routes": { kinds: [], routes: 0, conditions: [] },
    });
  },

  async TCPRouteMultipleRoutesAttachment(scene) {
    const { gateway } = scene;
    const name = "Gateway tcp-multi-route-attach-gateway";
    const place = scene.place(`Gateway ${INFRA}/tcp-multi-route-attach-gateway`, 9310);
    const older = `TCPRoute ${INFRA}/tcproute-attach-older`;
    await expectParents(gateway, older, [name, ...GOOD_ROUTE]);
    await scene.add(
      "newer.yaml",
      tcpRouteText("tcproute-attach-newer", {
        parents: "{name: tcp-multi-route-attach-gateway, sectionName: tcp}",
        backends: "{name: tcp-attach-backend-2, port: 3000}",
        // Upstream waits a second.
        meta: ', creationTimestamp: "2126-01-02T12:00:00Z"',
      }),
    );
    for (const route of [older, `TCPRoute ${INFRA}/tcproute-attach-newer`]) {
      await expectParents(gateway, route, [name, "Accepted=True/Accepted"]);
    }
    await expectListeners(gateway, `Gateway ${INFRA}/tcp-multi-route-attach-gateway`, {
      tcp: { kinds: ["TCPRoute"], routes: 2, conditions: ["Accepted=True"] },
    });
    expect(await visitMany(place, 100, 1)).toEqual({ "tcp-attach-backend-1": 100 });
  },

  async TCPRouteParentRefAttachAll(scene) {
    await expectParents(scene.gateway, `TCPRoute ${INFRA}/tcp-route-attach-all`, [
      "Gateway tcp-attach-all-gateway",
      ...GOOD_ROUTE,
    ]);
    for (const port of [9310, 9311, 9312, 9313]) {
      const place = scene.place(`Gateway ${INFRA}/tcp-attach-all-gateway`, port);
      expect(await visitTcp(place)).toBe("tcp-echo-attach-all");
    }
  },

  async TCPRouteParentRefPortAndSectionName(scene) {
    const backends = { 9300: "tcp-echo-one", 9301: "tcp-echo-two", 9302: "tcp-echo-three" };
    for (const route of ["tcp-route-by-port", "tcp-route-by-section", "tcp-route-by-section-and-port"]) {
      await expectParents(scene.gateway, `TCPRoute ${INFRA}/${route}`, [
        "Gateway tcp-multi-listener-gateway",
        ...GOOD_ROUTE,
      ]);
    }
    for (const [port, backend] of Object.entries(backends)) {
      const place = scene.place(`Gateway ${INFRA}/tcp-multi-listener-gateway`, Number(port));
      expect(await visitTcp(place)).toBe(backend);
    }
  },

  async TCPRouteReferenceGrant(scene) {
    const parent = "Gateway tcp-reference-grant-gateway";
    const place = scene.place(`Gateway ${INFRA}/tcp-reference-grant-gateway`, 9320);
    await expectParents(scene.gateway, `TCPRoute ${INFRA}/tcp-reference-grant`, [parent, ...GOOD_ROUTE]);
    expect(await askTcp(place)).toMatchObject({ service: "tcp-reference-grant-backend", isTLS: false });
    await scene.change("ReferenceGrant gateway-conformance-web-backend/tcp-reference-grant", () => undefined);
    await expectParents(scene.gateway, `TCPRoute ${INFRA}/tcp-reference-grant`, [
      parent,
      "ResolvedRefs=False/RefNotPermitted",
    ]);
  },

  async TCPRouteWeightedRouting(scene) {
    await expectParents(scene.gateway, `TCPRoute ${INFRA}/tcp-weighted-route`, [
      "Gateway tcp-weighted-gateway",
      ...GOOD_ROUTE,
    ]);
    const place = scene.place(`Gateway ${INFRA}/tcp-weighted-gateway`, 9300);
    expect(await visitMany(place, 500)).toEqual({ "tcp-backend-v1": 350, "tcp-backend-v2": 150 });
  },
};
