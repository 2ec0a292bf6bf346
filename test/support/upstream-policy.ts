// What upstream asserts of BackendTLSPolicies, on its own manifests, as far as a gateway without HTTP can have it: there HTTPRoutes lead to the
// Services, which are not followed here, so that the policies have no Gateway as their ancestor; the conditions are the same.

import { expect } from "bun:test";
import { eventuallySeen, hasConditions, INFRA } from "./conformance.ts";
import { GOOD_POLICY } from "./conformance-policies.ts";
import type { UpstreamScene } from "./upstream-suite.ts";
import type { UpstreamChecks } from "./upstream-tcproute.ts";

/** The conditions of a policy for each of its ancestors. */
async function policy({ gateway }: UpstreamScene, name: string, ...conditions: readonly string[]): Promise<number> {
  const { generation } = await eventuallySeen(gateway, `BackendTLSPolicy ${INFRA}/${name}`, ({ status }) => {
    expect(status.ancestors).not.toEqual([]);
    for (const ancestor of status.ancestors) hasConditions(ancestor.conditions, conditions);
  });
  return generation;
}

function allGood(...names: readonly string[]) {
  return async (scene: UpstreamScene): Promise<void> => {
    for (const name of names) await policy(scene, name, ...GOOD_POLICY);
  };
}

export const POLICY_CHECKS: UpstreamChecks = {
  BackendTLSPolicy: allGood("normative-test", "host-mismatch", "cert-mismatch", "reconcile-test"),
  BackendTLSPolicySANValidation: allGood("san-dns", "san-dns-mismatch", "san-uri", "san-uri-mismatch", "multiple-sans"),

  async BackendTLSPolicyConflictResolution(scene) {
    for (const what of ["without", "with"]) {
      await policy(scene, `conflicted-${what}-section-name-1`, ...GOOD_POLICY);
      await policy(scene, `conflicted-${what}-section-name-2`, "Accepted=False/Conflicted");
      await policy(scene, `not-conflicted-${what}-section-name`, ...GOOD_POLICY);
    }
  },

  async BackendTLSPolicyInvalidCACertificateRef(scene) {
    for (const what of ["nonexistent", "malformed"]) {
      const conditions = ["Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidCACertificateRef"];
      await policy(scene, `${what}-ca-certificate-ref`, ...conditions);
    }
  },

  BackendTLSPolicyInvalidKind: async (scene) => {
    await policy(scene, "invalid-kind", "Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidKind");
  },

  async BackendTLSPolicyObservedGenerationBump(scene) {
    const before = await policy(scene, "observed-generation-bump", "Accepted=True");
    await scene.change(`BackendTLSPolicy ${INFRA}/observed-generation-bump`, (spec) => ({
      ...spec,
      validation: {
        caCertificateRefs: [{ group: "", kind: "ConfigMap", name: "tls-checks-ca-certificate" }],
        hostname: "other.example.com",
      },
    }));
    expect(await policy(scene, "observed-generation-bump", "Accepted=True")).toBe(before + 1);
  },
};
