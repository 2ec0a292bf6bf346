// What upstream has no test for (the Listener's certificateRefs): a listener with several certificates shows each client the one that
// fits its name best, and goes on with those that are left when one of them cannot be used.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsListener, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  askTls,
  authorityPem,
  documents,
  expectListeners,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  type Pair,
  secretText,
  serverPair,
  startEchoServer,
  tlsTest,
} from "../support/conformance.ts";

/** Secrets, in the order of certificateRefs, each with the names of its certificate. */
const CERTIFICATES = {
  first: ["first.example.net"],
  wide: ["*.example.com"],
  narrow: ["*.app.example.com"],
  exact: ["x.app.example.com"],
  apex: ["example.com"],
};

/** What a client asks for, and the certificate that it is shown. */
const SHOWN = {
  "x.app.example.com": "x.app.example.com",
  "y.app.example.com": "*.app.example.com",
  "app.example.com": "*.example.com",
  "example.com": "example.com",
  "first.example.net": "first.example.net",
  // A wildcard of the standard means any number of labels.
  "z.y.app.example.com": "*.app.example.com",
  // None fits: the first one is as good as any.
  "other.example.org": "first.example.net",
};

tlsTest("the longest match of all certificates is shown, in both versions of TLS", async () => {
  await using authority = await makeAuthority();
  const ca = await authorityPem(authority);
  await using backend = await startEchoServer({ namespace: INFRA, service: "tcp-backend" });
  const pairs = new Map<string, Pair>();
  for (const [name, names] of Object.entries(CERTIFICATES)) pairs.set(name, await serverPair(authority, ...names));
  const secrets = (without?: string): string =>
    documents(
      ...Array.from(pairs, ([name, pair]) =>
        secretText(INFRA, name, name === without ? { ...pair, key: "no key" } : pair),
      ),
    );
  const host = loopbackHost();
  const references = Object.keys(CERTIFICATES).map((name) => `{name: ${name}}`);
  await using gateway = await ManifestGateway.start({
    "base.yaml": documents(NAMESPACES, backend.manifests),
    "secrets.yaml": secrets("exact"),
    "gateway.yaml": gatewayText("front", { host }, tlsListener("tls", 8443, references.join(", "))),
    "route.yaml": tlsRouteText("all", {
      parents: "{name: front}",
      hostnames: '"*.example.com", example.com, "*.example.net", "*.example.org"',
      backends: "{name: tcp-backend, port: 3000}",
    }),
  });
  const expectShown = async (shown: Readonly<Record<string, string>>): Promise<void> => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const seen: Record<string, string> = {};
      for (const servername of Object.keys(shown)) {
        const wish = { servername, maxVersion, ca, rejectUnauthorized: false, checkServerIdentity: () => undefined };
        seen[servername] = (await askTls({ host, port: 8443 }, wish)).certificate;
      }
      expect({ maxVersion, ...seen }).toEqual({ maxVersion, ...shown });
    }
  };

  // One that cannot be used is said, and the next best is shown.
  const partly = ["Accepted=True/Accepted", "Programmed=True/Programmed", "ResolvedRefs=False/InvalidCertificateRef"];
  const wish = { kinds: ["TLSRoute"], routes: 1 };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { tls: { ...wish, conditions: partly } });
  await expectShown({ ...SHOWN, "x.app.example.com": "*.app.example.com" });
  await gateway.apply("secrets.yaml", secrets());
  await expectListeners(gateway, `Gateway ${INFRA}/front`, { tls: { ...wish, conditions: GOOD_LISTENER } });
  await expectShown(SHOWN);
});
