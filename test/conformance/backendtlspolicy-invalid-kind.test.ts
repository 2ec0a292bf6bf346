// Upstream's BackendTLSPolicyInvalidKind: authorities in something that holds none keep every client away.

import { expect } from "bun:test";
import { backendTlsText } from "../support/conformance-policies.ts";
import {
  AWAY,
  documents,
  expectAncestors,
  INFRA,
  makeAuthority,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

const BAD = ["Accepted=False/NoValidCACertificate", "ResolvedRefs=False/InvalidKind"];
const REFERENCES = {
  "strange-group": "{group: invalid.io, kind: InvalidKind, name: strange}",
  "strange-config-map": "{group: invalid.io, kind: ConfigMap, name: strange}",
  "core-kind": '{group: "", kind: Service, name: core-kind}',
};

tlsTest("authorities of a kind that has none are InvalidKind, and nobody is spoken to", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  const services = Object.keys(REFERENCES);
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    services: services.flatMap((name) => [name, `${name}:3000`]),
    files: {
      "policies.yaml": documents(
        ...Object.entries(REFERENCES).map(([name, authorities]) =>
          backendTlsText(name, { target: name, authorities, hostname: "abc.example.com" }),
        ),
      ),
    },
  });

  for (const name of services) {
    await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/${name}`, [`Gateway ${INFRA}/front`, ...BAD]);
    await scene.expectMet(name, AWAY);
    await scene.expectMet(`${name}:3000`, AWAY);
  }
  expect(backend.accepted).toBe(0);
});
