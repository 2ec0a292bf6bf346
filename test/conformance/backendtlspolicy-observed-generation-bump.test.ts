// Upstream's BackendTLSPolicyObservedGenerationBump: all that is said of a policy is said of its spec as it is now, and what it says
// now counts for the next client.

import { expect } from "bun:test";
import { backendTlsText, caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  caText,
  expectAncestors,
  INFRA,
  makeAuthority,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

const ANCESTOR = [`Gateway ${INFRA}/front`, "Accepted=True/Accepted", "ResolvedRefs=True/ResolvedRefs"] as const;
const POLICY = `BackendTLSPolicy ${INFRA}/bumped`;

function text(hostname: string, meta: string): string {
  return backendTlsText("bumped", { target: "bumped", authorities: caReference("ca"), hostname, meta });
}

tlsTest("a change of the spec is a new generation, a change of labels is none", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com", "other.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    services: ["bumped"],
    files: {
      "ca.yaml": caText(INFRA, "ca", await authorityPem(authority)),
      "policy.yaml": text("abc.example.com", ""),
    },
  });

  const first = await expectAncestors(scene.gateway, POLICY, ANCESTOR);
  await scene.expectMet("bumped", "tls abc.example.com");
  await scene.gateway.apply("policy.yaml", text("other.example.com", ""));
  const second = await expectAncestors(scene.gateway, POLICY, ANCESTOR);
  expect(second.generation).toBe(first.generation + 1);
  await scene.expectMet("bumped", "tls other.example.com");
  await scene.gateway.apply("policy.yaml", text("other.example.com", ", labels: {any: label}"));
  const third = await expectAncestors(scene.gateway, POLICY, ANCESTOR);
  expect(third.generation).toBe(second.generation);
  // That it still holds is no news.
  expect(third.status.ancestors).toEqual(second.status.ancestors);
});
