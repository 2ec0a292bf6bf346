// What a socket's peer is called, and what a failed dial means in the words of close reasons.

import { GatewayError } from "../../base/gateway-error.ts";
import type { CloseReason } from "../../socket/close-reason.ts";
import type { Socket } from "../../socket/socket.ts";

const MAPPED_PREFIX = "::ffff:";

/** `address:port` of a client; IPv6 in brackets, IPv4 without the mapping that dual-stack listeners report. */
export function clientAddress(socket: Socket): string {
  const { remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return "unknown";
  const address = plainAddress(remoteAddress);
  return address.includes(":") ? `[${address}]:${remotePort}` : `${address}:${remotePort}`;
}

/** An address as its own family writes it: IPv4 without the mapping that dual-stack listeners report. */
export function plainAddress(address: string): string {
  return address.startsWith(MAPPED_PREFIX) && address.includes(".") ? address.slice(MAPPED_PREFIX.length) : address;
}

/** The host of an `address:port`, without brackets. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

/** Why a dial failed: the errno, because what Bun says is only that it did. */
export function dialFailure(error: Error): string {
  if (error instanceof GatewayError) return error.message; // Our own words.
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}

/** The close reason for a dial that failed with `error`. */
export function refusalOf(error: Error): CloseReason {
  const code = "code" in error ? error.code : undefined;
  if (code === "ECONNREFUSED") return "dial-refused";
  if (code === "ETIMEDOUT") return "dial-timeout";
  return "dial-failed";
}
