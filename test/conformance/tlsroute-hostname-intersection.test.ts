// Upstream's TLSRouteHostnameIntersection: routes are attached to listeners whose host names they share some of, and have the clients
// of what is shared, the most specific route first. Every other client is turned away before any handshake.

import { expect } from "bun:test";
import { GOOD_LISTENER, GOOD_ROUTE, gatewayText, tlsRouteText } from "../support/conformance-manifests.ts";
import {
  AWAY,
  documents,
  expectListeners,
  expectParents,
  INFRA,
  loopbackHost,
  makeAuthority,
  ManifestGateway,
  NAMESPACES,
  serverPair,
  serviceFor,
  startEchoServers,
  tlsTest,
} from "../support/conformance.ts";

const ROUTES = {
  exact: "abc.example.com",
  narrow: '"*.example.com"',
  wide: '"*.com"',
  several: 'only.example.org, "*.deep.example.net", abc.example.com',
};
type Route = keyof typeof ROUTES;

/** Gateways with what their listener is for, the routes that are attached, and who has which clients; the others have nobody. */
const GATEWAYS: Readonly<
  Record<string, { hostname?: string; attached: readonly Route[]; takes: Readonly<Record<string, Route>> }>
> = {
  "gateway-exact": {
    hostname: "abc.example.com",
    attached: ["exact", "narrow", "wide", "several"],
    takes: { "abc.example.com": "exact" },
  },
  "gateway-narrow": {
    hostname: '"*.example.com"',
    attached: ["exact", "narrow", "wide", "several"],
    takes: { "abc.example.com": "exact", "def.example.com": "narrow", "x.def.example.com": "narrow" },
  },
  "gateway-wide": {
    hostname: '"*.com"',
    attached: ["exact", "narrow", "wide", "several"],
    takes: {
      "abc.example.com": "exact",
      "def.example.com": "narrow",
      "x.def.example.com": "narrow",
      "example.com": "wide",
      "abc.other.com": "wide",
    },
  },
  "gateway-other": { hostname: "only.example.org", attached: ["several"], takes: { "only.example.org": "several" } },
  "gateway-all": {
    attached: ["exact", "narrow", "wide", "several"],
    takes: {
      "abc.example.com": "exact",
      "def.example.com": "narrow",
      "x.def.example.com": "narrow",
      "example.com": "wide",
      "abc.other.com": "wide",
      "only.example.org": "several",
      "x.deep.example.net": "several",
    },
  },
};

const ASKED = [
  "abc.example.com",
  "def.example.com",
  "x.def.example.com",
  "example.com",
  "abc.other.com",
  "only.example.org",
  "x.only.example.org",
  "x.deep.example.net",
  "deep.example.net",
  "com",
  undefined,
];

tlsTest("a client gets the most specific route of what listener and route share, or nobody", async () => {
  await using authority = await makeAuthority();
  const tls = await serverPair(authority, "abc.example.com");
  const names: readonly string[] = Object.keys(ROUTES);
  await using backends = await startEchoServers(names, { namespace: INFRA, tls });
  const hosts = new Map(Object.keys(GATEWAYS).map((name) => [name, loopbackHost()]));
  const parents = Object.keys(GATEWAYS)
    .map((name) => `{name: ${name}}`)
    .join(", ");
  await using gateway = await ManifestGateway.start({
    "backends.yaml": documents(NAMESPACES, backends.manifests),
    "gateways.yaml": documents(
      ...Object.entries(GATEWAYS).map(([name, { hostname }]) =>
        gatewayText(
          name,
          { host: hosts.get(name) ?? "" },
          `{name: tls, protocol: TLS, port: 8443, tls: {mode: Passthrough}${hostname === undefined ? "" : `, hostname: ${hostname}`}}`,
        ),
      ),
    ),
    "routes.yaml": documents(
      ...Object.entries(ROUTES).map(([name, hostnames]) =>
        tlsRouteText(name, { parents, hostnames, backends: `{name: ${name}, port: 8443}` }),
      ),
    ),
  });

  for (const route of names) {
    await expectParents(
      gateway,
      `TLSRoute ${INFRA}/${route}`,
      ...Object.entries(GATEWAYS).map(([name, { attached }]) => {
        const taken = attached.some((each) => each === route);
        const conditions = taken ? GOOD_ROUTE : ["Accepted=False/NoMatchingListenerHostname"];
        return [`Gateway ${name}`, ...conditions] as const;
      }),
    );
  }
  for (const [name, { attached, takes }] of Object.entries(GATEWAYS)) {
    await expectListeners(gateway, `Gateway ${INFRA}/${name}`, {
      tls: { kinds: ["TLSRoute"], routes: attached.length, conditions: GOOD_LISTENER },
    });
    const place = { host: hosts.get(name) ?? "", port: 8443 };
    for (const servername of ASKED) {
      const seen = await serviceFor(place, servername === undefined ? {} : { servername });
      const wanted = servername === undefined ? undefined : takes[servername];
      expect(`${name} ${servername}: ${seen}`).toBe(`${name} ${servername}: ${wanted ?? AWAY}`);
    }
  }
});
