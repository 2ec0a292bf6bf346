// Upstream's BackendTLSPolicySANValidation: with subjectAltNames these say who the backend must be, and the host name only what it is
// asked for. One that fits is enough.

import { GOOD_POLICY, backendTlsText, caReference } from "../support/conformance-policies.ts";
import {
  authorityPem,
  AWAY,
  caText,
  documents,
  expectAncestors,
  INFRA,
  makeAuthority,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";
import { ReencryptScene } from "../support/reencrypt-scene.ts";

const URI = "{type: URI, uri: spiffe://abc.example.com/test-identity}";
const WRONG_URI = "{type: URI, uri: spiffe://def.example.com/test-identity}";
const DNS = "{type: Hostname, hostname: abc.example.com}";
const WRONG_DNS = "{type: Hostname, hostname: def.example.com}";

/** Names that are wanted, the name that is asked for, and whether that backend will do. */
const POLICIES: Readonly<Record<string, readonly [names: string, hostname: string, fits: boolean]>> = {
  dns: [DNS, "abc.example.com", true],
  "dns-mismatch": [WRONG_DNS, "abc.example.com", false],
  uri: [URI, "abc.example.com", true],
  "uri-mismatch": [WRONG_URI, "abc.example.com", false],
  "uri-longer": ["{type: URI, uri: spiffe://abc.example.com/test-identity/more}", "abc.example.com", false],
  "uri-shorter": ["{type: URI, uri: spiffe://abc.example.com/test}", "abc.example.com", false],
  several: [`${URI}, ${DNS}`, "abc.example.com", true],
  "several-mismatch": [`${WRONG_URI}, ${WRONG_DNS}`, "abc.example.com", false],
  "one-of-several": [`${WRONG_DNS}, ${URI}`, "abc.example.com", true],
  "asked-otherwise": [URI, "asked.example.net", true],
  "host-alone-does-not-do": [WRONG_DNS, "other.example.com", false],
};

tlsTest("subjectAltNames decide who the backend may be, and the host name does not", async () => {
  await using authority = await makeAuthority();
  const names = ["abc.example.com", "other.example.com", "spiffe://abc.example.com/test-identity"];
  const tls = await serverPair(authority, ...names);
  await using backend = await startEchoServer({ namespace: INFRA, service: "tls-backend", tls });
  await using scene = await ReencryptScene.start({
    authority,
    backend,
    services: Object.keys(POLICIES),
    files: {
      "ca.yaml": caText(INFRA, "ca", await authorityPem(authority)),
      "policies.yaml": documents(
        ...Object.entries(POLICIES).map(([name, [wanted, hostname]]) =>
          backendTlsText(name, { target: `${name}#tls`, authorities: caReference("ca"), hostname, names: wanted }),
        ),
      ),
    },
  });

  for (const [name, [, hostname, fits]] of Object.entries(POLICIES)) {
    const ancestor = [`Gateway ${INFRA}/front`, ...GOOD_POLICY] as const;
    await expectAncestors(scene.gateway, `BackendTLSPolicy ${INFRA}/${name}`, ancestor);
    await scene.expectMet(name, fits ? `tls ${hostname}` : AWAY);
  }
});
