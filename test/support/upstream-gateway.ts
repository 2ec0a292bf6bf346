// What upstream asserts of Gateways and GatewayClasses, on its own manifests, as far as a gateway without HTTP can have it: its listeners
// there are HTTP and HTTPS, which are never accepted here. What is wrong with them is told all the same.

import { expect } from "bun:test";
import * as v from "valibot";
import { eventuallySeen, expectConditions, hasConditions, INFRA, type Seen } from "./conformance.ts";
import type { UpstreamChecks } from "./upstream-tcproute.ts";
import type { UpstreamScene } from "./upstream-suite.ts";

/** Conditions that every listener of a Gateway or ListenerSet has to have; none takes a route. */
export function everyListener({ gateway }: UpstreamScene, object: string, ...conditions: string[]): Promise<Seen> {
  return eventuallySeen(gateway, object, ({ status: { listeners } }) => {
    expect(listeners).not.toEqual([]);
    for (const listener of listeners) {
      expect(listener.attachedRoutes).toBe(0);
      hasConditions(listener.conditions, conditions);
    }
  });
}

const Listeners = v.array(v.looseObject({ name: v.string() }));

/** Adds a listener to a Gateway, and looks at the generation before and after. */
async function bump(scene: UpstreamScene, object: string): Promise<void> {
  const before = await expectConditions(scene.gateway, object);
  await scene.change(object, (spec) => ({
    ...spec,
    listeners: [...v.parse(Listeners, spec["listeners"]), { name: "alternate", protocol: "HTTP", port: 8081 }],
  }));
  // Every condition observes the new one: that is looked at with every status.
  const after = await eventuallySeen(scene.gateway, object, ({ status }) => expect(status.listeners).toHaveLength(2));
  expect(after.generation).toBe(before.generation + 1);
}

/** A Gateway's listeners whose certificate cannot be used. */
function unresolved(reason: string, ...gateways: readonly string[]) {
  return async (scene: UpstreamScene): Promise<void> => {
    for (const name of gateways) await everyListener(scene, `Gateway ${INFRA}/${name}`, `ResolvedRefs=False/${reason}`);
  };
}

export const GATEWAY_CHECKS: UpstreamChecks = {
  async GatewayListenerUnsupportedProtocol(scene) {
    const unsupported = `Gateway ${INFRA}/gateway-only-unsupported-protocols`;
    await expectConditions(scene.gateway, unsupported, "Accepted=False/ListenersNotValid");
    const seen = await everyListener(scene, unsupported, "Accepted=False/UnsupportedProtocol");
    expect(seen.status.listeners.map(({ supportedKinds }) => supportedKinds)).toEqual([[]]);
    // Of the other Gateway upstream has the HTTP listener accepted.
    const both = `Gateway ${INFRA}/gateway-supported-and-unsupported-protocols`;
    await everyListener(scene, both, "Accepted=False/UnsupportedProtocol");
  },

  async GatewayInvalidParametersRef({ gateway }) {
    const name = `Gateway ${INFRA}/gateway-invalid-parameters-ref`;
    await expectConditions(gateway, name, "Accepted=False/InvalidParameters");
  },

  GatewayInvalidTLSConfiguration: unresolved(
    "InvalidCertificateRef",
    "gateway-certificate-nonexistent-secret",
    "gateway-certificate-unsupported-group",
    "gateway-certificate-unsupported-kind",
    "gateway-certificate-malformed-secret",
  ),
  GatewaySecretInvalidReferenceGrant: unresolved("RefNotPermitted", "gateway-secret-invalid-reference-grant"),
  GatewaySecretMissingReferenceGrant: unresolved("RefNotPermitted", "gateway-secret-missing-reference-grant"),
  async GatewaySecretReferenceGrantAllInNamespace(scene) {
    const name = `Gateway ${INFRA}/gateway-secret-reference-grant-all-in-namespace`;
    await everyListener(scene, name, "ResolvedRefs=True");
  },
  async GatewaySecretReferenceGrantSpecific(scene) {
    await everyListener(scene, `Gateway ${INFRA}/gateway-secret-reference-grant-specific`, "ResolvedRefs=True");
  },

  async GatewayModifyListeners(scene) {
    await bump(scene, `Gateway ${INFRA}/gateway-add-listener`);
    const name = `Gateway ${INFRA}/gateway-remove-listener`;
    const before = await eventuallySeen(scene.gateway, name, ({ status }) => expect(status.listeners).toHaveLength(2));
    await scene.change(name, (spec) => ({
      ...spec,
      listeners: v.parse(Listeners, spec["listeners"]).filter((listener) => listener.name === "http"),
    }));
    const after = await eventuallySeen(scene.gateway, name, ({ status }) => {
      expect(status.listeners.map((listener) => listener.name)).toEqual(["http"]);
    });
    expect(after.generation).toBe(before.generation + 1);
  },

  GatewayObservedGenerationBump: (scene) => bump(scene, `Gateway ${INFRA}/gateway-observed-generation-bump`),

  async GatewayClassObservedGenerationBump(scene) {
    const name = "GatewayClass gatewayclass-observed-generation-bump";
    const before = await expectConditions(scene.gateway, name, "Accepted=True");
    await scene.change(name, (spec) => ({ ...spec, description: "new" }));
    const after = await expectConditions(scene.gateway, name, "Accepted=True");
    expect(after.generation).toBe(before.generation + 1);
  },

  async GatewayStaticAddresses({ gateway }) {
    // What follows, with the address taken out, needs a listener that is accepted.
    const name = `Gateway ${INFRA}/gateway-static-addresses`;
    await expectConditions(gateway, name, "Accepted=False/UnsupportedAddress");
  },

  async GatewayInvalidTLSBackendConfiguration({ gateway }) {
    for (const what of ["nonexistent-secret", "unsupported-group", "unsupported-kind", "malformed-secret"]) {
      const name = `Gateway ${INFRA}/gateway-client-certificate-${what}`;
      await expectConditions(gateway, name, "ResolvedRefs=False/InvalidClientCertificateRef");
    }
    const name = `Gateway ${INFRA}/gateway-client-certificate-missing-reference-grant`;
    await expectConditions(gateway, name, "ResolvedRefs=False/RefNotPermitted");
  },

  async GatewayTLSBackendClientCertificate({ gateway }) {
    await expectConditions(gateway, `Gateway ${INFRA}/gateway-tls-backend-client-certificate`, "ResolvedRefs=True");
  },

  async GatewayFrontendClientCertificateValidationInsecureFallback({ gateway }) {
    const insecure = "InsecureFrontendValidationMode=True/ConfigurationChanged";
    await expectConditions(gateway, `Gateway ${INFRA}/client-validation-insecure-fallback`, insecure);
  },
};
