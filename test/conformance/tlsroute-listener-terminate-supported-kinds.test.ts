// Upstream's TLSRouteListenerTerminateSupportedKinds: a listener that ends TLS is for TLSRoutes, and accepted without any.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsListener } from "../support/conformance-manifests.ts";
import {
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
  tlsTest,
  tryTls,
} from "../support/conformance.ts";

tlsTest("TLSRoute is supported, said or not, and a client without a route is turned away", async () => {
  await using authority = await makeAuthority();
  const pair = await serverPair(authority, "abc.example.com");
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "gateway.yaml": documents(
      NAMESPACES,
      secretText(INFRA, "shown", pair),
      gatewayText(
        "kinds",
        { host },
        tlsListener("said", 8443, "{name: shown}", ", allowedRoutes: {kinds: [{kind: TLSRoute}]}"),
        tlsListener("unsaid", 8444, "{name: shown}"),
      ),
    ),
  });

  const wish = { kinds: ["TLSRoute"], routes: 0, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/kinds`, { said: wish, unsaid: wish });
  const conditions = ["Accepted=True/Accepted", "Programmed=True/Programmed"];
  await expectConditions(gateway, `Gateway ${INFRA}/kinds`, ...conditions);
  for (const port of [8443, 8444]) {
    expect(await tryTls({ host, port }, { servername: "abc.example.com" })).toBeOneOf(["reset", "fin"]);
  }
});
