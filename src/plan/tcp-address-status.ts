// The status of TCPAddresses: which address each has, or why it has none.

import { formatHostPort } from "../base/address.ts";
import { keyOf } from "../resource/manifest/manifest.ts";
import type { TcpAddress } from "../resource/manifest/tcp-address.ts";
import type { AddressOutcome } from "./addresses.ts";
import type { Condition } from "./gateway/condition.ts";
import { Conditions } from "./gateway/conditions.ts";

export interface TcpAddressStatus {
  /** `host:port`; absent: it has none. */
  readonly addr?: string;
  readonly conditions: readonly Condition[];
}

export function tcpAddressStatus(address: TcpAddress, addresses: AddressOutcome, generation: number): TcpAddressStatus {
  const given = addresses.of(keyOf(address));
  const conditions = conditionsOfAddress(address, addresses).list(generation);
  return given === undefined ? { conditions } : { addr: formatHostPort(given.host, given.port), conditions };
}

/** Accepted: it has an address. Ready: what is on it can be reached. */
export function conditionsOfAddress(address: TcpAddress, addresses: AddressOutcome): Conditions {
  const key = keyOf(address);
  const given = addresses.of(key);
  const finding = addresses.findingOf(key);
  const conditions = new Conditions();
  const path = finding?.reason === "HostNotFound" && address.spec.host !== undefined ? "host" : "port";
  const place = address.spec[path] === undefined ? [] : ["spec", path];
  if (given === undefined) {
    const { reason, message } = finding ?? { reason: "Pending", message: "It has no address yet" };
    conditions.fail("Accepted", reason, message, place);
    conditions.fail("Ready", "NotAccepted", "It has no address", place);
    return conditions;
  }
  const shown = formatHostPort(given.host, given.port);
  conditions.hold("Accepted", "Accepted", `${shown} is reserved`);
  if (finding === undefined) conditions.hold("Ready", "Ready", `${shown} can be used`);
  else conditions.fail("Ready", finding.reason, finding.message, place);
  return conditions;
}
