// Upstream's GatewayHTTPListenerIsolation, with TLS names for its HTTP host names: a client belongs to the listener that means its name most
// closely, and no other listener's route gets it, although its host names would fit.

import { expect } from "bun:test";
import { GOOD_LISTENER, gatewayText, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  askTls,
  documents,
  type EchoServer,
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

const HOSTNAMES: Readonly<Record<string, string | undefined>> = {
  "empty-hostname": undefined,
  "wildcard-example-com": "*.example.com",
  "wildcard-foo-example-com": "*.foo.example.com",
  "abc-foo-example-com": "abc.foo.example.com",
};
const NAMES = Object.keys(HOSTNAMES);

function listeners(): readonly string[] {
  return Object.entries(HOSTNAMES).map(([name, hostname]) => {
    const only = hostname === undefined ? "" : `, hostname: "${hostname}"`;
    return `{name: ${name}, protocol: TLS, port: 8443, tls: {mode: Passthrough}${only}}`;
  });
}

/** Each route is for all names that there are, and attached to one listener. */
function routeTo(name: string): string {
  return tlsRouteText(name, {
    parents: `{name: front, sectionName: ${name}}`,
    hostnames: '"*.com", "*.example.com", "*.foo.example.com", abc.foo.example.com',
    backends: `{name: ${name}, port: 8443}`,
  });
}

/** What the client asks for, and whose it is. */
const CLIENTS: Readonly<Record<string, string>> = {
  "bar.com": "empty-hostname",
  "bar.example.com": "wildcard-example-com",
  "bar.foo.example.com": "wildcard-foo-example-com",
  "deep.bar.foo.example.com": "wildcard-foo-example-com",
  "abc.foo.example.com": "abc-foo-example-com",
};

tlsTest("a client is served by the closest listener, and by no other when that one has no route for it", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "bar.com", "bar.example.com");
  await using backends = new AsyncDisposableStack();
  const servers: EchoServer[] = [];
  for (const service of NAMES) servers.push(backends.use(await startEchoServer({ namespace: INFRA, service, tls })));
  const host = loopbackHost();
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, ...servers.map(({ manifests }) => manifests)),
    "gateway.yaml": gatewayText("front", { host }, ...listeners()),
    ...Object.fromEntries(NAMES.map((name) => [`${name}.yaml`, routeTo(name)])),
  });
  const attached = { kinds: ["TLSRoute"], routes: 1, conditions: GOOD_LISTENER };
  await expectListeners(gateway, `Gateway ${INFRA}/front`, Object.fromEntries(NAMES.map((name) => [name, attached])));
  for (const name of NAMES)
    await expectParents(gateway, `TLSRoute ${INFRA}/${name}`, ["Gateway front", "Accepted=True"]);
  const place = { host, port: 8443 };
  for (const [servername, service] of Object.entries(CLIENTS)) {
    const answer = await askTls(place, { servername });
    expect(answer).toMatchObject({ service, tls: { serverName: servername } });
  }

  // Without its own route the closest listener refuses its clients; they are not for the one that is less close.
  await gateway.remove("wildcard-foo-example-com.yaml");
  for (const [servername, service] of Object.entries(CLIENTS)) {
    const answer = await tryTls(place, { servername });
    if (service === "wildcard-foo-example-com") expect(answer).toBe("reset");
    else expect(answer).toMatchObject({ service });
  }
});
