// Upstream's ListenerSetHostnameConflict: of listeners with one port and host name the Gateway's own is first, then that of the older
// ListenerSet; those after it are in conflict, and the rest of their ListenerSet is not.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsRouteText } from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
import {
  askTls,
  documents,
  expectConditions,
  expectListeners,
  INFRA,
  type ListenerWish,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  serverPair,
  startEchoServers,
  tlsTest,
} from "../support/conformance.ts";

function listener(name: string): string {
  return `{name: ${name}, protocol: TLS, port: 8443, hostname: ${name}.example.com, tls: {mode: Passthrough}}`;
}

const CONFLICT = [
  "Accepted=False/HostnameConflict",
  "Programmed=False/HostnameConflict",
  "Conflicted=True/HostnameConflict",
];
/** ListenerSets, the oldest first, with their listeners and which of these are in conflict. */
const SETS: Readonly<Record<string, { good: readonly string[]; bad: readonly string[] }>> = {
  first: { good: ["first-own", "of-first"], bad: ["of-gateway"] },
  second: { good: [], bad: ["of-gateway"] },
  third: { good: ["third-own"], bad: ["of-first"] },
  fourth: { good: [], bad: ["of-first"] },
};

function routeText(kind: string, name: string): string {
  return tlsRouteText(name, {
    parents: `{kind: ${kind}, name: ${name}}`,
    hostnames: '"*.example.com"',
    backends: `{name: ${name}, port: 8443}`,
  });
}

function wish(conditions: readonly string[]): ListenerWish {
  return { kinds: ["TLSRoute"], routes: 1, conditions };
}

tlsTest("the Gateway comes first and then the older ListenerSet, whatever their names are", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "*.example.com");
  const services = ["front", ...Object.keys(SETS)];
  await using backends = await startEchoServers(services, { namespace: INFRA, tls });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backends.manifests),
    "gateway.yaml": gatewayText(
      "front",
      { host, more: "  allowedListeners: {namespaces: {from: Same}}\n" },
      listener("gateway-own"),
      listener("of-gateway"),
    ),
    "sets.yaml": documents(
      ...Object.entries(SETS).map(([name, { good, bad }], index) =>
        listenerSetText(
          name,
          { gateway: "front", meta: `, creationTimestamp: "2026-01-0${index + 1}T00:00:00Z"` },
          ...[...good, ...bad].map(listener),
        ),
      ),
    ),
    "routes.yaml": documents(
      routeText("Gateway", "front"),
      ...Object.keys(SETS).map((name) => routeText("ListenerSet", name)),
    ),
  });

  const seen = await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    "gateway-own": wish(GOOD_LISTENER),
    "of-gateway": wish(GOOD_LISTENER),
  });
  expect(seen.status.attachedListenerSets).toBe(2);
  await expectConditions(gateway, `Gateway ${INFRA}/front`, "Accepted=True/Accepted", "Programmed=True/Programmed");
  for (const [name, { good, bad }] of Object.entries(SETS)) {
    const wanted = Object.fromEntries([
      ...good.map((each) => [each, wish(GOOD_LISTENER)] as const),
      ...bad.map((each) => [each, wish(CONFLICT)] as const),
    ]);
    await expectListeners(gateway, `ListenerSet ${INFRA}/${name}`, wanted);
    const status = good.length > 0 ? "True" : "False";
    const programmed = good.length > 0 ? "Programmed=True/Programmed" : "Programmed=False/ListenersNotValid";
    await expectConditions(gateway, `ListenerSet ${INFRA}/${name}`, `Accepted=${status}/ListenersNotValid`, programmed);
  }

  const answers: Record<string, string> = {};
  for (const name of ["gateway-own", "of-gateway", "first-own", "of-first", "third-own"]) {
    answers[name] = (await askTls({ host, port: 8443 }, { servername: `${name}.example.com` })).service;
  }
  expect(answers).toEqual({
    "gateway-own": "front",
    "of-gateway": "front",
    "first-own": "first",
    "of-first": "first",
    "third-own": "third",
  });
});
