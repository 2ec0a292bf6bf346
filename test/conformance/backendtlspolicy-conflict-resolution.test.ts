// Upstream's BackendTLSPolicyConflictResolution: of two policies with one target the older is in force; one for a port and one for the
// whole Service are not in each other's way.

import { GOOD_POLICY, backendTlsText, caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  caText,
  documents,
  expectAncestors,
  INFRA,
  makeAuthority,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

const LOST = ["Accepted=False/Conflicted"];

function policyText(name: string, target: string, hostname: string, day: number): string {
  const meta = `, creationTimestamp: "2026-01-0${day}T00:00:00Z"`;
  return backendTlsText(name, { target, hostname, authorities: caReference("ca"), meta });
}

tlsTest("the older policy of a target is in force, then the first by name, and the next when that goes", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com", "other.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    services: ["whole", "part", "by-name", "peaceful", "peaceful:3000"],
    files: {
      "ca.yaml": caText(INFRA, "ca", await authorityPem(authority)),
      // The names say the opposite of the ages.
      "whole-winner.yaml": policyText("z-whole", "whole", "other.example.com", 1),
      "part-winner.yaml": policyText("z-part", "part#tls", "other.example.com", 1),
      "others.yaml": documents(
        policyText("a-whole", "whole", "abc.example.com", 2),
        policyText("a-part", "part#tls", "abc.example.com", 2),
        policyText("a-by-name", "by-name", "other.example.com", 3),
        policyText("b-by-name", "by-name", "abc.example.com", 3),
        policyText("of-part", "peaceful#tls", "other.example.com", 2),
        policyText("of-whole", "peaceful", "abc.example.com", 1),
      ),
    },
  });
  const expectStatuses = async (statuses: Readonly<Record<string, readonly string[]>>): Promise<void> => {
    for (const [name, conditions] of Object.entries(statuses)) {
      const ancestor = [`Gateway ${INFRA}/front`, ...conditions] as const;
      await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/${name}`, ancestor);
    }
  };

  await expectStatuses({ "z-whole": GOOD_POLICY, "a-whole": LOST, "z-part": GOOD_POLICY, "a-part": LOST });
  await expectStatuses({
    "a-by-name": GOOD_POLICY,
    "b-by-name": LOST,
    "of-part": GOOD_POLICY,
    "of-whole": GOOD_POLICY,
  });
  for (const service of ["whole", "part", "by-name", "peaceful"]) {
    await scene.expectMet(service, "tls other.example.com");
  }

  await scene.gateway.remove("whole-winner.yaml");
  await scene.gateway.remove("part-winner.yaml");
  await expectStatuses({ "a-whole": GOOD_POLICY, "a-part": GOOD_POLICY });
  await scene.expectMet("whole", "tls abc.example.com");
  await scene.expectMet("part", "tls abc.example.com");
});
