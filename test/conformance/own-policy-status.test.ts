// The status of sallyport's own policies: of a target that is not there, of one that an older policy has, and of one that comes later.

import { expect, test } from "bun:test";
import { backendPolicyText, listenerPolicyText } from "../support/conformance-policies.ts";
import { documents, expectAncestors, INFRA } from "../support/conformance.ts";
import { startPolicyScene } from "../support/policy-scene.ts";

const GOOD = "Accepted=True/Accepted";
const LOST = "Accepted=False/Conflicted";
const MISSING = "Accepted=False/TargetNotFound";

function aged(text: string, day: number): string {
  return text.replace(/(name: [\w-]+)\}/, `$1, creationTimestamp: "2026-01-0${day}T00:00:00Z"}`);
}

function listener(name: string): string {
  return `ListenerPolicy ${INFRA}/${name}`;
}

test("a target that is not there is said, and that it came", async () => {
  await using scene = await startPolicyScene({
    "policies.yaml": documents(
      listenerPolicyText("no-gateway", "Gateway later", "deny: [127.0.0.1]"),
      listenerPolicyText("no-listener", "Gateway front#three", "deny: [127.0.0.1]"),
      backendPolicyText("no-service", "later", "balance: random"),
      backendPolicyText("no-port", "tcp-backend#three", "balance: random"),
    ),
  });
  const { gateway, visit } = scene;
  await expectAncestors(gateway, listener("no-gateway"), [`Gateway ${INFRA}/later`, MISSING]);
  await expectAncestors(gateway, listener("no-listener"), [`Gateway ${INFRA}/front`, MISSING]);
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/no-service`, [`Service ${INFRA}/later`, MISSING]);
  await expectAncestors(gateway, `BackendPolicy ${INFRA}/no-port`, [`Gateway ${INFRA}/front`, MISSING]);
  expect(await visit(9301)).toBe("served");

  const front = await gateway.find("Gateway", INFRA, "front");
  const later = JSON.stringify({ ...front, metadata: { namespace: INFRA, name: "later" }, status: undefined });
  await gateway.apply("later.json", later.replaceAll("9301", "9311").replaceAll("9302", "9312"));
  await expectAncestors(gateway, listener("no-gateway"), [`Gateway ${INFRA}/later`, GOOD]);
});

test("of two policies with one target the older is in force, and the other when it goes", async () => {
  await using scene = await startPolicyScene({
    "older.yaml": documents(
      aged(listenerPolicyText("z-older", "Gateway front", "deny: [127.0.0.1]"), 1),
      aged(backendPolicyText("z-older", "tcp-backend", "proxyProtocol: {send: 1}"), 1),
    ),
    "younger.yaml": documents(
      aged(listenerPolicyText("a-younger", "Gateway front", "deny: [127.0.0.2]"), 2),
      aged(backendPolicyText("a-younger", "tcp-backend", "balance: random"), 2),
    ),
  });
  const { gateway, visit } = scene;
  const front = `Gateway ${INFRA}/front`;
  for (const kind of ["ListenerPolicy", "BackendPolicy"]) {
    await expectAncestors(gateway, `${kind} ${INFRA}/z-older`, [front, GOOD]);
    await expectAncestors(gateway, `${kind} ${INFRA}/a-younger`, [front, LOST]);
  }
  expect([await visit(9301, "127.0.0.1"), await visit(9301, "127.0.0.2")]).toEqual(["reset", "served"]);

  await gateway.remove("older.yaml");
  for (const kind of ["ListenerPolicy", "BackendPolicy"]) {
    await expectAncestors(gateway, `${kind} ${INFRA}/a-younger`, [front, GOOD]);
  }
  expect([await visit(9301, "127.0.0.1"), await visit(9301, "127.0.0.2")]).toEqual(["served", "reset"]);
});
