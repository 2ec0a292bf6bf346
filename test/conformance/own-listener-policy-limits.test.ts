// ListenerPolicy, which is sallyport's own: how many clients a listener serves at a time, and for how long.

import { expect, test } from "bun:test";
import { listenerPolicyText } from "../support/conformance-policies.ts";
import { expectAncestors, INFRA } from "../support/conformance.ts";
import { eventually } from "../support/eventually.ts";
import { startPolicyScene, stayingClient } from "../support/policy-scene.ts";

const ANCESTOR = [`Gateway ${INFRA}/front`, "Accepted=True/Accepted"] as const;

test("limits hold for all clients of a listener and for each source, and only there", async () => {
  await using scene = await startPolicyScene({
    "policy.yaml": listenerPolicyText("limited", "Gateway front#one", "limits: {connections: 2, perSource: 1}"),
  });
  const { gateway, host, visit } = scene;
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/limited`, ANCESTOR);
  const place = { host, port: 9301 };
  await using _first = await stayingClient(place, "127.0.0.1");
  expect(await visit(9301, "127.0.0.1")).toBe("reset");
  const second = await stayingClient(place, "127.0.0.2");
  expect(await visit(9301, "127.0.0.3")).toBe("reset");
  expect(await visit(9302, "127.0.0.1")).toBe("served");
  second.reset();
  await eventually(async () => (await visit(9301, "127.0.0.3")) === "served");
});

test("limits that change hold for the next client, and those who are there stay", async () => {
  await using scene = await startPolicyScene({});
  const { gateway, host, visit } = scene;
  const place = { host, port: 9301 };
  await using first = await stayingClient(place);
  await using second = await stayingClient(place);
  await gateway.apply("policy.yaml", listenerPolicyText("limited", "Gateway front", "limits: {connections: 1}"));
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/limited`, ANCESTOR);
  expect(await visit(9301)).toBe("reset");
  for (const client of [first, second]) {
    const before = client.received;
    await client.send("PING\n");
    expect((await client.read(before + 5)).slice(before)).toBe("PONG\n");
  }
  await gateway.remove("policy.yaml");
  expect(await visit(9301)).toBe("served");
});

test.each(["idle: 150ms", "lifetime: 150ms"])("a client has no more time than %s", async (timeout) => {
  await using scene = await startPolicyScene({
    "policy.yaml": listenerPolicyText("timed", "Gateway front#one", `timeouts: {${timeout}}`),
  });
  const { gateway, host } = scene;
  await expectAncestors(gateway, `ListenerPolicy ${INFRA}/timed`, ANCESTOR);
  await using other = await stayingClient({ host, port: 9302 });
  await using client = await stayingClient({ host, port: 9301 });
  expect(await client.end()).toBeOneOf(["reset", "fin"]);
  expect(other.ending).toBeUndefined();
});
