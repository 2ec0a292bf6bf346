// EndpointSlice and Endpoints as a person writes them: where the Pods of a Service are.

import * as v from "valibot";

import { parseHostname } from "../../base/hostname.ts";
import { parseIp } from "../../base/ip.ts";
import type { Fail } from "../route-together.ts";
import { quote, rule } from "../rule.ts";
import { booleanRule, wordRule } from "../scalar-rule.ts";
import type { Endpoints, EndpointsSpec, EndpointSlice, EndpointSliceSpec } from "./core.ts";
import { type KindReader, kindReader, othersDocument } from "./kind-reader.ts";
import { listOf, mapsOf, openMap, textRule } from "./manifest-rule.ts";
import { portRule } from "./name-rules.ts";

/** Those of Kubernetes. */
const MAX_ENDPOINTS = 1000;
const MAX_ADDRESSES = 100;

const portNameRule = textRule("bad-port-name", "the name of a port", { min: 0, max: 63 });
const protocolRule = v.optional(textRule("bad-protocol", "a protocol such as TCP", { max: 63 }), "TCP");
const addressRule = textRule("bad-address", "an address", { max: 253 });

const endpoint = openMap({
  addresses: listOf(addressRule, { min: 1, max: MAX_ADDRESSES }),
  conditions: v.exactOptional(
    openMap({
      ready: v.exactOptional(booleanRule),
      serving: v.exactOptional(booleanRule),
      terminating: v.exactOptional(booleanRule),
    }),
  ),
});

const slice = othersDocument({
  addressType: wordRule("bad-address-type", ["IPv4", "IPv6", "FQDN"]),
  endpoints: v.optional(listOf(endpoint, { max: MAX_ENDPOINTS }), []),
  ports: v.optional(
    listOf(openMap({ name: v.exactOptional(portNameRule), port: v.exactOptional(portRule), protocol: protocolRule })),
    [],
  ),
});

export const endpointSliceReader: KindReader<EndpointSlice> = kindReader({
  kind: "EndpointSlice",
  apiVersion: "discovery.k8s.io/v1",
  schema: slice,
  specOf: ({ addressType, endpoints, ports }): EndpointSliceSpec => ({
    addressType,
    endpoints: endpoints.map((each) =>
      addressType === "FQDN" ? { ...each, addresses: each.addresses.map((name) => name.toLowerCase()) } : each,
    ),
    ports: ports.map(withoutEmptyName),
  }),
  checkTogether: (document, fail) => checkAddresses(document["addressType"], document["endpoints"], fail),
});

/** Whether each address is of the type of the slice. */
function checkAddresses(type: unknown, endpoints: unknown, fail: Fail): void {
  const wanted = type === "IPv4" ? "an IPv4 address" : type === "IPv6" ? "an IPv6 address" : "a host name";
  if (type !== "IPv4" && type !== "IPv6" && type !== "FQDN") return;
  for (const [index, { addresses }] of mapsOf(endpoints)) {
    if (!Array.isArray(addresses)) continue;
    for (const [at, address] of addresses.entries()) {
      if (typeof address !== "string" || address === "" || isOfType(address, type)) continue;
      const message = `Expected ${wanted} in a slice of type ${type}, found ${quote(address)}`;
      fail("bad-address", message, ["endpoints", index, "addresses", at]);
    }
  }
}

function isOfType(address: string, type: "IPv4" | "IPv6" | "FQDN"): boolean {
  if (type === "FQDN") return parseHostname(address) !== undefined;
  return parseIp(address) !== undefined && address.includes(":") === (type === "IPv6");
}

const ipRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string" && parseIp(value) !== undefined) return value;
  refuse("bad-address", `Expected an IP address, found ${quote(value)}`);
  return undefined;
});
const ips = v.pipe(
  v.optional(listOf(openMap({ ip: ipRule })), []),
  v.transform((addresses): readonly string[] => addresses.map(({ ip }) => ip)),
);
const subset = openMap({
  addresses: ips,
  notReadyAddresses: ips,
  ports: v.optional(
    listOf(openMap({ name: v.exactOptional(portNameRule), port: portRule, protocol: protocolRule })),
    [],
  ),
});

export const endpointsReader: KindReader<Endpoints> = kindReader({
  kind: "Endpoints",
  apiVersion: "v1",
  schema: othersDocument({ subsets: v.optional(listOf(subset), []) }),
  specOf: ({ subsets }): EndpointsSpec => ({
    subsets: subsets.map((each) => ({ ...each, ports: each.ports.map(withoutEmptyName) })),
  }),
});

/** An empty name is as good as none. */
function withoutEmptyName<Port extends { readonly name?: string }>({
  name = "",
  ...port
}: Port): Omit<Port, "name"> & { readonly name?: string } {
  return name === "" ? port : { ...port, name };
}
