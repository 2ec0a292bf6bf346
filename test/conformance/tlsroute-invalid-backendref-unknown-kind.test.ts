// Upstream's TLSRouteInvalidBackendRefUnknownKind: a backend of a kind that nobody knows is InvalidKind, and gets no client; its share
// of several is turned away.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  serverPair,
  startEchoServer,
  tlsTest,
  tryTls,
} from "../support/conformance.ts";

const REFUSED = ["Accepted=True/Accepted", "ResolvedRefs=False/InvalidKind"];

tlsTest("a backend of an unknown kind has no clients, and those of its share are turned away", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend", tls });
  const host = loopbackHost();
  const unknown = "{group: unknownkind.example.com, kind: NonExistent, name: tcp-backend, port: 8443";
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backend.manifests),
    "gateway.yaml": gatewayText("front", { host }, "{name: tls, protocol: TLS, port: 8443, tls: {mode: Passthrough}}"),
    "routes.yaml": documents(
      tlsRouteText("unknown", { parents: "{name: front}", hostnames: "abc.example.com", backends: `${unknown}}` }),
      tlsRouteText("shared", {
        parents: "{name: front}",
        hostnames: "shared.example.com",
        backends: `${unknown}, weight: 3}, {name: tcp-backend, port: 8443, weight: 1}`,
      }),
    ),
  });

  for (const route of ["unknown", "shared"]) {
    await expectParents(gateway, `TLSRoute ${INFRA}/${route}`, ["Gateway front", ...REFUSED]);
  }
  await expectListeners(gateway, `Gateway ${INFRA}/front`, {
    tls: { kinds: ["TLSRoute"], routes: 2, conditions: GOOD_LISTENER },
  });
  expect(await tryTls({ host, port: 8443 }, { servername: "abc.example.com" })).toBeOneOf(["reset", "fin"]);
  expect(backend.accepted).toBe(0);

  const answers = { served: 0, away: 0 };
  for (let visit = 0; visit < 8; visit++) {
    const answer = await tryTls({ host, port: 8443 }, { servername: "shared.example.com" });
    answers[typeof answer === "object" ? "served" : "away"]++;
  }
  expect(answers).toEqual({ served: 2, away: 6 });
});
