// A policy that cannot be read never opens what it was written to close: while sallyport runs the last good version stays in force, and
// at a cold start nobody gets past what it names. Everything else goes on.

import { expect, test } from "bun:test";
import { gatewayText, grantText, tcpListener, tcpRouteText } from "../support/conformance-manifests.ts";
import { backendPolicyText, backendTlsText, caReference, listenerPolicyText } from "../support/conformance-policies.ts";
import {
  documents,
  expectAncestors,
  expectConditions,
  INFRA,
  loopbackHost,
  readStatus,
  startEchoServer,
  WEB_BACKEND,
} from "../support/conformance.ts";
import { startPolicyScene, visitFrom } from "../support/policy-scene.ts";

const GOOD = listenerPolicyText("guard", "Gateway front", "deny: [127.0.0.2]");

/** Ways to break it. */
const BROKEN = {
  "a wrong value": listenerPolicyText("guard", "Gateway front", "deny: [not-an-address]"),
  "an unknown key": listenerPolicyText("guard", "Gateway front", "denny: [127.0.0.2]"),
  "a key of another kind": listenerPolicyText("guard", "Gateway front", "balance: random"),
};

test.each(Object.entries(BROKEN))("%s on reload leaves the last good version in force", async (_, broken) => {
  await using scene = await startPolicyScene({ "policy.yaml": GOOD });
  const { gateway, visit } = scene;
  const policy = `ListenerPolicy ${INFRA}/guard`;
  const ancestor = [`Gateway ${INFRA}/front`, "Accepted=True/Accepted"] as const;
  await expectAncestors(gateway, policy, ancestor);
  const { generation } = await readStatus(gateway, policy);

  const { diagnostics } = await gateway.apply("policy.yaml", broken);
  expect(diagnostics.filter(({ severity }) => severity === "error")).not.toEqual([]);
  expect((await gateway.ask("GET", "/readyz")).status).toBe(503);
  const kept = await expectAncestors(gateway, policy, ancestor);
  expect(kept.generation).toBe(generation);
  for (const port of [9301, 9302]) {
    expect([await visit(port, "127.0.0.1"), await visit(port, "127.0.0.2")]).toEqual(["served", "reset"]);
  }

  await gateway.apply("policy.yaml", GOOD.replace("127.0.0.2", "127.0.0.3"));
  expect([await visit(9301, "127.0.0.2"), await visit(9301, "127.0.0.3")]).toEqual(["served", "reset"]);
});

const FRONT = ["front 9301", "front 9302"];

test.each([
  ...Object.entries(BROKEN).map(([what, text]) => [what, text, FRONT] as const),
  ["a wrong value for one listener", oneListener(BROKEN["a wrong value"]), ["front 9301"]],
  // It could be any of its namespace.
  ["targets that cannot be read", GOOD.replace(/targetRefs: .*/, "targetRefs: [front]"), [...FRONT, "other 9301"]],
] as const)("at a cold start %s closes what the policy names and nothing else", async (_, broken, closed) => {
  const [other, far] = [loopbackHost(), loopbackHost()];
  await using scene = await startPolicyScene({
    "policy.yaml": broken,
    "others.yaml": documents(
      gatewayText("other", { host: other }, tcpListener("tcp", 9301)),
      tcpRouteText("other", { parents: "{name: other}", backends: "{name: tcp-backend, port: 3000}" }),
      gatewayText("front", { host: far, namespace: WEB_BACKEND }, tcpListener("one", 9301)),
      tcpRouteText("far", {
        namespace: WEB_BACKEND,
        parents: "{name: front}",
        backends: `{name: tcp-backend, namespace: ${INFRA}, port: 3000}`,
      }),
      grantText(
        "far",
        INFRA,
        `{group: gateway.networking.k8s.io, kind: TCPRoute, namespace: ${WEB_BACKEND}}`,
        '{group: "", kind: Service}',
      ),
    ),
  });
  const { gateway, host, visit, backend } = scene;
  expect((await gateway.ask("GET", "/readyz")).status).toBe(503);
  const places = {
    "front 9301": { host, port: 9301 },
    "front 9302": { host, port: 9302 },
    "other 9301": { host: other, port: 9301 },
    "far 9301": { host: far, port: 9301 },
  };
  const answers: string[] = [];
  for (const [name, place] of Object.entries(places)) answers.push(`${name} ${await visitFrom(place)}`);
  const isClosed = (name: string): boolean => closed.some((each) => each === name);
  expect(answers).toEqual(Object.keys(places).map((name) => `${name} ${isClosed(name) ? "reset" : "served"}`));
  expect(backend.accepted).toBe(4 - closed.length);

  await gateway.apply("policy.yaml", GOOD);
  for (const port of [9301, 9302]) {
    expect([await visit(port, "127.0.0.1"), await visit(port, "127.0.0.2")]).toEqual(["served", "reset"]);
  }
  expect((await gateway.ask("GET", "/readyz")).status).toBe(200);
});

/** Broken policies for one Service, and for one of its ports. */
const BROKEN_FOR_SERVICE = {
  BackendPolicy: (target: string) => backendPolicyText("guard", target, "proxyProtocol: {send: 3}"),
  BackendTLSPolicy: (target: string) =>
    backendTlsText("guard", { target, authorities: caReference("ca"), hostname: "not a hostname" }),
  "BackendTLSPolicy without hostname": (target: string) =>
    backendTlsText("guard", { target, authorities: caReference("ca"), hostname: "x" }).replace(
      "hostname: x\n",
      "options: {}\n",
    ),
};

test.each(Object.entries(BROKEN_FOR_SERVICE))(
  "at a cold start a broken %s closes its Service and no other",
  async (_, broken) => {
    await using second = await startEchoServer({ namespace: INFRA, service: "second" });
    await using scene = await startPolicyScene({
      "backends.yaml": second.manifests,
      "route.yaml": documents(routeText("first", "one", "tcp-backend"), routeText("second", "two", "second")),
      "policy.yaml": broken("tcp-backend"),
    });
    const { gateway, visit, backend } = scene;
    expect([await visit(9301), await visit(9302)]).toEqual(["reset", "served"]);
    expect(backend.accepted).toBe(0);
    await expectConditions(gateway, `Gateway ${INFRA}/front`, "Accepted=True/Accepted", "Programmed=True/Programmed");

    await gateway.apply("policy.yaml", broken("second#tls"));
    await gateway.kill();
    await gateway.startAgain();
    // Of the second Service only the port for TLS is named.
    expect([await visit(9301), await visit(9302)]).toEqual(["served", "served"]);
    await gateway.apply("policy.yaml", broken("second#tcp"));
    await gateway.kill();
    await gateway.startAgain();
    expect([await visit(9301), await visit(9302)]).toEqual(["served", "reset"]);
    await gateway.remove("policy.yaml");
    expect([await visit(9301), await visit(9302)]).toEqual(["served", "served"]);
  },
);

function oneListener(policy: string): string {
  return policy.replace("name: front}", "name: front, sectionName: one}");
}

function routeText(name: string, section: string, backend: string): string {
  return tcpRouteText(name, {
    parents: `{name: front, sectionName: ${section}}`,
    backends: `{name: ${backend}, port: 3000}`,
  });
}
