// Where an endpoint is found: its URL with the address that it was given, and the host that is bound for it.

import { formatHostPort } from "../../base/address.ts";
import { formatIp, parseIp } from "../../base/ip.ts";
import { keyOf } from "../../resource/manifest/manifest.ts";
import type { EndpointName, ListenSpec } from "../../resource/route.ts";
import type { AddressOutcome } from "../addresses.ts";
import type { GatewayApiOptions } from "../gateway/options.ts";
import type { Endpoint, PlaceNote } from "./endpoint.ts";

/** Where clients come in. */
export interface Place {
  readonly name: EndpointName;
  /** Absent: it is reached through policies alone. */
  readonly listen?: ListenSpec;
  /** What is worth knowing about it. */
  readonly note?: PlaceNote;
}

/** A place, or why there is none. */
export type Placing = Place | { readonly reason: "ConfigurationError" | "Pending"; readonly message: string };

export function placeOf(
  endpoint: Endpoint,
  addresses: AddressOutcome,
  { tcpHosts, tcpPorts }: GatewayApiOptions,
): Placing {
  const { url, binding, object } = endpoint;
  const id = keyOf(object);
  if (binding === "kubernetes") {
    const message =
      'The binding "kubernetes" is not served: this gateway is no part of a cluster. Write public or internal';
    return { reason: "ConfigurationError", message };
  }
  if (url.host === undefined || url.port === undefined) {
    const given = addresses.of(id);
    if (given === undefined) {
      const finding = addresses.findingOf(id);
      return { reason: "Pending", message: finding?.message ?? "There is no address for it" };
    }
    const finding = addresses.findingOf(id);
    // Bound to all addresses it could be reached from where it never was.
    if (!tcpHosts.has(given.host))
      return { reason: "ConfigurationError", message: finding?.message ?? unknownHost(given.host) };
    const place = placeOnPort(id, given.host, given.port, tcpHosts.get(given.host));
    return finding === undefined ? place : { ...place, note: { code: "port-out-of-range", message: finding.message } };
  }
  const { scheme, host, port, wildcard, internal } = url;
  const written = wildcard ? `*.${host}` : host;
  const name = { id, url: `${scheme}://${formatHostPort(written, port)}`, scheme, host: written, port };
  if (internal) return { name };
  // Clients of TLS ask for the name, wherever they come in.
  if (scheme === "tls") return { name, listen: { firstPort: port, lastPort: port } };
  const ip = parseIp(host);
  if (ip !== undefined) return placeOnPort(id, host, port, formatIp(ip));
  if (!tcpHosts.has(host)) return { reason: "ConfigurationError", message: unknownHost(host) };
  const place = placeOnPort(id, host, port, tcpHosts.get(host));
  // Nobody is ever given a port by chance that is outside of these.
  const isGivenOut = tcpPorts.some(({ firstPort, lastPort }) => firstPort <= port && port <= lastPort);
  if (!isGivenOut || addresses.reservationOf(host, port) !== undefined) return place;
  const message = `${formatHostPort(host, port)} is not reserved: a TCPAddress with this host and port keeps it while this endpoint is away`;
  return { ...place, note: { code: "unreserved-address", message } };
}

function unknownHost(host: string): string {
  return `No address is known for the host name "${host}": start with --tcp-host ${host}, or with --tcp-host ${host}=IP to bind one address`;
}

function placeOnPort(id: string, host: string, port: number, bound: string | undefined): Place {
  const name = { id, url: `tcp://${formatHostPort(host, port)}`, scheme: "tcp", host, port } as const;
  return { name, listen: { ...(bound === undefined ? {} : { host: bound }), firstPort: port, lastPort: port } };
}
