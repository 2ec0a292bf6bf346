// Upstream's ListenerSetReferenceGrant: a grant to the Gateway is not one to its ListenerSets, nor is it the other way round.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, grantText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import { listenerSetText } from "../support/conformance-policies.ts";
import {
  AWAY,
  documents,
  expectConditions,
  expectListeners,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  secretText,
  serverPair,
  startEchoServer,
  tlsTest,
  tryTls,
  WEB_BACKEND,
} from "../support/conformance.ts";

const GROUP = "gateway.networking.k8s.io";
const SECRETS = '{group: "", kind: Secret}';
const OTHER = "listener-set-ns";

function listener(name: string): string {
  const secret = `{name: certificate, namespace: ${WEB_BACKEND}}`;
  return tlsListener(name, 8443, secret, `, hostname: ${name}.example.com, allowedRoutes: {namespaces: {from: All}}`);
}

function grant(kind: string): string {
  const from = `{group: ${GROUP}, kind: ${kind}, namespace: ${INFRA}}`;
  return grantText(`for-${kind.toLowerCase()}`, WEB_BACKEND, from, SECRETS);
}

const REFUSED = ["Programmed=False", "ResolvedRefs=False/RefNotPermitted"];

tlsTest("each that refers to a Secret needs a grant of its own", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "*.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend" });
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests, secretText(WEB_BACKEND, "certificate", pair)),
    "gateway.yaml": documents(
      gatewayText("front", { host, more: "  allowedListeners: {namespaces: {from: All}}\n" }, listener("own")),
      listenerSetText("granted", { gateway: "front" }, listener("granted")),
      listenerSetText("other", { gateway: "front", namespace: OTHER }, listener("other")),
    ),
    "routes.yaml": tlsRouteText("everywhere", {
      parents: `{name: front}, {kind: ListenerSet, name: granted}, {kind: ListenerSet, name: other, namespace: ${OTHER}}`,
      hostnames: '"*.example.com"',
      backends: "{name: tcp-backend, port: 3000}",
    }),
    "grants.yaml": documents(grant("Gateway"), grant("ListenerSet")),
  });

  /** Which of the three listeners can show the certificate, by what they say and by what clients meet. */
  const expectUsable = async (...usable: readonly string[]): Promise<void> => {
    const objects = {
      own: `Gateway ${INFRA}/front`,
      granted: `ListenerSet ${INFRA}/granted`,
      other: `ListenerSet ${OTHER}/other`,
    };
    for (const [name, object] of Object.entries(objects)) {
      const isUsable = usable.includes(name);
      const conditions = isUsable ? GOOD_LISTENER : REFUSED;
      await expectListeners(gateway, object, { [name]: { kinds: ["TLSRoute"], routes: 1, conditions } });
      const answer = await tryTls({ host, port: 8443 }, { servername: `${name}.example.com` });
      const seen = typeof answer === "object" ? answer.certificate : AWAY;
      expect(`${name}: ${seen}`).toBe(`${name}: ${isUsable ? "*.example.com" : AWAY}`);
    }
  };
  await expectUsable("own", "granted");
  await expectConditions(gateway, `ListenerSet ${INFRA}/granted`, "Accepted=True/Accepted", "Programmed=True");
  await expectConditions(gateway, `ListenerSet ${OTHER}/other`, "Programmed=False");
  await gateway.apply("grants.yaml", grant("Gateway"));
  await expectUsable("own");
  await gateway.apply("grants.yaml", grant("ListenerSet"));
  await expectUsable("granted");
});
