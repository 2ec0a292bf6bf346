// TCPRoute and TLSRoute as a person writes them, and what is read of routes that are not carried. What their values must not
// say together is in `route-references.ts`.

import * as v from "valibot";

import { wholeRule } from "../scalar-rule.ts";
import { type KindReader, kindReader, othersDocument, standardDocument } from "./kind-reader.ts";
import {
  EVERY_HOSTNAME,
  type ForeignRouteSpec,
  type ParentReference,
  type TcpRoute,
  type TcpRouteSpec,
  type TlsRoute,
  type TlsRouteSpec,
} from "./l4-route.ts";
import type { Manifest } from "./manifest.ts";
import { has, kindMap, listOf, mapAt, openMap } from "./manifest-rule.ts";
import {
  gatewayReferenceKeys,
  portRule,
  referenceKeys,
  sectionNameRule,
  subdomainRule,
  tlsHostnameRule,
} from "./name-rules.ts";
import { checkBackendRefs, checkParentRefs } from "./route-references.ts";

const MAX_WEIGHT = 1_000_000;

/** One of `parentRefs`. */
const parentReference: v.GenericSchema<unknown, ParentReference> = kindMap({
  ...gatewayReferenceKeys,
  sectionName: v.exactOptional(sectionNameRule),
  port: v.exactOptional(portRule),
});

const backendReference = kindMap({
  ...referenceKeys({ group: "", kind: "Service" }),
  port: v.exactOptional(portRule),
  weight: v.optional(wholeRule("bad-weight", 0, MAX_WEIGHT), 1),
});

const parentRefs = v.exactOptional(listOf(parentReference, { max: 32 }));
const routeKeys = {
  parentRefs,
  rules: listOf(
    kindMap({ name: v.exactOptional(subdomainRule), backendRefs: listOf(backendReference, { min: 1, max: 16 }) }),
    { min: 1, max: 1 },
  ),
};

/** Of the experimental channel. */
const EXPERIMENTAL = ["useDefaultGateways"];

const tcpRouteSpec: v.GenericSchema<unknown, TcpRouteSpec> = kindMap(routeKeys, EXPERIMENTAL);
const tlsRouteSpec: v.GenericSchema<unknown, TlsRouteSpec> = kindMap(
  { ...routeKeys, hostnames: listOf(tlsHostnameRule, { min: 1, max: 1024 }) },
  EXPERIMENTAL,
);

/** What all of these kinds have. */
const L4 = {
  apiVersion: "gateway.networking.k8s.io/v1",
  checkTogether: (document, fail) => {
    checkParentRefs(document, fail);
    checkBackendRefs(document, fail);
  },
  experimental: EXPERIMENTAL,
} satisfies Partial<Parameters<typeof kindReader>[0]>;

export const tcpRouteReader: KindReader<TcpRoute> = kindReader({
  ...L4,
  kind: "TCPRoute",
  schema: standardDocument(tcpRouteSpec),
  specOf: ({ spec }) => spec,
});

const tlsRouteKind = { ...L4, kind: "TLSRoute" } as const;
const currentTlsRoute: KindReader<TlsRoute> = kindReader({
  ...tlsRouteKind,
  schema: standardDocument(tlsRouteSpec),
  specOf: ({ spec }) => spec,
});
/** Before v1 a route could take all names of its listeners. */
const olderTlsRoute: KindReader<TlsRoute> = kindReader({
  ...tlsRouteKind,
  schema: standardDocument(tcpRouteSpec),
  specOf: ({ spec }) => ({ ...spec, hostnames: [EVERY_HOSTNAME] }),
});

export const tlsRouteReader: KindReader<TlsRoute> = {
  kind: "TLSRoute",
  read(document, origin) {
    const isOlder = /\/v1alpha\d+$/.test(String(document["apiVersion"]));
    const reader = isOlder && !has(mapAt(document, "spec"), "hostnames") ? olderTlsRoute : currentTlsRoute;
    return reader.read(document, origin);
  },
};

/** The same schema as that of a TCPRoute; only its parents matter. */
export const udpRouteReader: KindReader<Manifest<"UDPRoute", ForeignRouteSpec>> = kindReader({
  ...L4,
  kind: "UDPRoute",
  schema: standardDocument(tcpRouteSpec),
  specOf: ({ spec }) => parentsOf(spec),
});

export const httpRouteReader: KindReader<Manifest<"HTTPRoute", ForeignRouteSpec>> = httpReader("HTTPRoute");
export const grpcRouteReader: KindReader<Manifest<"GRPCRoute", ForeignRouteSpec>> = httpReader("GRPCRoute");

function httpReader<Kind extends "HTTPRoute" | "GRPCRoute">(kind: Kind): KindReader<Manifest<Kind, ForeignRouteSpec>> {
  return kindReader({
    kind,
    apiVersion: "gateway.networking.k8s.io/v1",
    schema: othersDocument({ spec: v.optional(openMap({ parentRefs }), {}) }),
    specOf: ({ spec }) => parentsOf(spec),
    checkTogether: checkParentRefs,
  });
}

function parentsOf(spec: ForeignRouteSpec): ForeignRouteSpec {
  return spec.parentRefs === undefined ? {} : { parentRefs: spec.parentRefs };
}
