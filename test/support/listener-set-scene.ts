// ListenerSets of three namespaces at one Gateway, for the tests of who may add listeners: each has a listener on a port of its own and
// a TCPRoute to the same backend.

import { expect } from "bun:test";
import {
  GOOD_LISTENER,
  GOOD_ROUTE,
  gatewayText,
  grantText,
  tcpListener,
  tcpRouteText,
} from "./conformance-manifests.ts";
import { listenerSetText } from "./conformance-policies.ts";
import {
  documents,
  expectConditions,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  ManifestGateway,
  NAMESPACES,
  startEchoServer,
  visitTcp,
} from "./conformance.ts";

/** Of each namespace, the port that its ListenerSet adds. */
const PORTS = { [INFRA]: 9301, "allowed-ns": 9302, "other-ns": 9303 } as const;
export type SetNamespace = keyof typeof PORTS;

const NOT_ALLOWED = ["Accepted=False/NotAllowed", "Programmed=False/NotAllowed"];

/** What a Gateway says of `allowedListeners` (lines of YAML), and whose ListenerSets it then takes. */
export interface Rule {
  readonly allowed: string;
  readonly takes: readonly SetNamespace[];
}

/** Starts on the first rule, goes on to the others while it runs, and expects of each what it says. */
export async function expectAllowed(...rules: readonly [Rule, ...Rule[]]): Promise<void> {
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend" });
  const host = loopbackHost();
  const frontText = ({ allowed }: Rule): string =>
    gatewayText("front", { host, more: allowed }, tcpListener("own", 9300));
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(
      NAMESPACES,
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: allowed-ns, labels: {allowed: ns}}\n",
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: other-ns}\n",
      backend.manifests,
      grantText("routes", INFRA, grantFrom("allowed-ns"), '{group: "", kind: Service}'),
      grantText("others", INFRA, grantFrom("other-ns"), '{group: "", kind: Service}'),
    ),
    "gateway.yaml": frontText(rules[0]),
    "sets.yaml": documents(...Object.entries(PORTS).map(([namespace, port]) => setWithRoute(namespace, port))),
  });
  for (const [index, rule] of rules.entries()) {
    if (index > 0) await gateway.apply("gateway.yaml", frontText(rule));
    await expectRule(gateway, host, rule);
  }
}

async function expectRule(gateway: ManifestGateway, host: string, { takes }: Rule): Promise<void> {
  const seen = await expectConditions(gateway, `Gateway ${INFRA}/front`, "Accepted=True/Accepted", "Programmed=True");
  expect(seen.status.attachedListenerSets).toBe(takes.length);
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    own: { kinds: ["TCPRoute"], routes: 0, conditions: GOOD_LISTENER },
  });
  expect(await visitTcp({ host, port: 9300 })).toBe("reset");
  for (const [namespace, port] of Object.entries(PORTS)) {
    const [set, route] = [`ListenerSet ${namespace}/adding`, `TCPRoute ${namespace}/to-set`];
    if (takes.some((each) => each === namespace)) {
      await expectConditions(gateway, set, "Accepted=True/Accepted", "Programmed=True/Programmed");
      const added = { kinds: ["TCPRoute"], routes: 1, conditions: GOOD_LISTENER };
      await expectListeners(gateway, set, { added });
      await expectParents(gateway, route, ["ListenerSet adding", ...GOOD_ROUTE]);
      expect(await visitTcp({ host, port })).toBe("tcp-backend");
    } else {
      await expectConditions(gateway, set, ...NOT_ALLOWED);
      await expectParents(gateway, route, ["ListenerSet adding", "Accepted=False"]);
      expect(await visitTcp({ host, port })).toBe("refused");
    }
  }
}

function setWithRoute(namespace: string, port: number): string {
  return documents(
    listenerSetText("adding", { gateway: "front", namespace }, tcpListener("added", port)),
    tcpRouteText("to-set", {
      namespace,
      parents: "{kind: ListenerSet, name: adding}",
      backends: `{name: tcp-backend, namespace: ${INFRA}, port: 3000}`,
    }),
  );
}

function grantFrom(namespace: string): string {
  return `{group: gateway.networking.k8s.io, kind: TCPRoute, namespace: ${namespace}}`;
}
