// What upstream asserts of ListenerSets, on its own manifests, as far as a gateway without HTTP can have it.

import { expect } from "bun:test";
import { eventuallySeen, expectConditions, expectParents, hasConditions, INFRA } from "./conformance.ts";
import { everyListener } from "./upstream-gateway.ts";
import type { UpstreamScene } from "./upstream-suite.ts";
import type { UpstreamChecks } from "./upstream-tcproute.ts";

/** A ListenerSet that its Gateway does not allow, and which it does not count. */
async function notAllowed({ gateway }: UpstreamScene, set: string, parent: string): Promise<void> {
  await expectConditions(gateway, `ListenerSet ${set}`, "Accepted=False/NotAllowed", "Programmed=False/NotAllowed");
  await eventuallySeen(gateway, `Gateway ${INFRA}/${parent}`, ({ status }) => {
    expect(status.attachedListenerSets).toBe(0);
  });
}

/** Listeners of a ListenerSet that are in the way of somebody who comes first, and those that are not. */
async function conflicts(
  { gateway }: UpstreamScene,
  set: string,
  reason: string,
  wanted: Readonly<Record<string, boolean>>,
): Promise<void> {
  await eventuallySeen(gateway, `ListenerSet ${INFRA}/${set}`, ({ status: { listeners } }) => {
    expect(listeners.map(({ name }) => name).toSorted()).toEqual(Object.keys(wanted).toSorted());
    for (const { name, conditions } of listeners) {
      if (wanted[name] === true) {
        hasConditions(conditions, ["Accepted=False", `Programmed=False/${reason}`, `Conflicted=True/${reason}`]);
      } else expect(conditions.some(({ type, status }) => type === "Conflicted" && status === "True")).toBe(false);
    }
  });
}

/** Both tests of conflicts have the same four ListenerSets and the same names. */
function conflictsOf(kind: "hostname" | "protocol", reason: string) {
  return async (scene: UpstreamScene): Promise<void> => {
    const [withGateway, withSet] = [`${kind}-conflict-with-gateway`, `${kind}-conflict-with-listener-set`];
    await conflicts(scene, `listenerset-with-${withGateway}-1`, reason, {
      "listener-set-1-listener": false,
      [`${withGateway}-listener`]: true,
      [`${withSet}-listener`]: false,
    });
    await conflicts(scene, `listenerset-with-${withSet}-1`, reason, {
      "listener-set-2-listener": false,
      [`${withSet}-listener`]: true,
    });
    await conflicts(scene, `listenerset-with-${withSet}-2`, reason, { [`${withSet}-listener`]: true });
    await expectConditions(
      scene.gateway,
      `ListenerSet ${INFRA}/listenerset-with-${withSet}-2`,
      "Accepted=False/ListenersNotValid",
      "Programmed=False/ListenersNotValid",
    );
  };
}

export const LISTENER_SET_CHECKS: UpstreamChecks = {
  ListenerSetAllowedNamespaceNone: (scene) =>
    notAllowed(scene, `${INFRA}/listenerset-not-allowed`, "gateway-does-not-allow-listenerset"),
  ListenerSetAllowedNamespaceSame: (scene) =>
    notAllowed(
      scene,
      "gateway-api-listenerset-not-allowed-ns/listenerset-in-different-namespace",
      "gateway-allows-listenerset-in-same-namespace",
    ),
  ListenerSetAllowedNamespaceSelector: (scene) =>
    notAllowed(
      scene,
      "gateway-api-listenerset-selector-not-allowed-ns/listenerset-not-in-selected-namespace",
      "gateway-allows-listenerset-in-selected-namespace",
    ),
  ListenerSetDefaultNotAllowed: (scene) =>
    notAllowed(scene, `${INFRA}/listenerset-default-not-allowed`, "gateway-default-does-not-allow-listenerset"),

  async ListenerSetAllowedRoutesSupportedKinds(scene) {
    const name = `ListenerSet ${INFRA}/listenerset-test-allowed-routes-supported-kinds`;
    const seen = await everyListener(scene, name, "ResolvedRefs=False/InvalidRouteKinds");
    expect(seen.status.listeners.map(({ supportedKinds }) => supportedKinds)).toEqual([[]]);
  },

  ListenerSetHostnameConflict: conflictsOf("hostname", "HostnameConflict"),
  ListenerSetProtocolConflict: conflictsOf("protocol", "ProtocolConflict"),

  async ListenerSetReferenceGrant(scene) {
    await everyListener(scene, `ListenerSet ${INFRA}/listenerset-with-reference-grant`, "ResolvedRefs=True");
    const other = "ListenerSet gateway-api-listener-sets-test-reference-grant-ns/listenerset-without-reference-grant";
    await everyListener(scene, other, "ResolvedRefs=False/RefNotPermitted");
  },

  async ListenerSetGatewayParentSectionNameNotFound({ gateway }) {
    await expectParents(gateway, `HTTPRoute ${INFRA}/route-via-gateway`, [
      "Gateway gateway-section-name",
      "Accepted=False/NoMatchingParent",
    ]);
  },

  async ListenerSetDualParentRefIndependence({ gateway }) {
    // Each of the two has a status of its own.
    await expectParents(
      gateway,
      `HTTPRoute ${INFRA}/route-dual-parentref-one`,
      ["Gateway gateway-dual-parentref", "Accepted=False/NoMatchingParent"],
      ["ListenerSet ls-dual-parentref", "Accepted=False/NotAllowedByListeners"],
    );
  },

  async ListenerSetRouteStatusScopedToParentRef({ gateway }) {
    // Only the parent that is named, although the other one is merged into it.
    await expectParents(gateway, `HTTPRoute ${INFRA}/route-parentref-gwonly`, ["Gateway gateway-parentref"]);
    await expectParents(gateway, `HTTPRoute ${INFRA}/route-parentref-lsonly`, ["ListenerSet listenerset-parentref"]);
  },
};
