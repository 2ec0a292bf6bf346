// Binding an address, the same under every runtime: what is said when it cannot be done, and what happens when a dead
// process left its socket file at the address. How to bind is the runtime's.

import { GatewayError } from "../base/gateway-error.ts";
import { asError, errorCode } from "./error-code.ts";
import type { SocketAddress } from "./runtime.ts";
import { removeStaleSocket } from "./stale-socket.ts";

/** What the operator has to know about the errors that a bind commonly ends in. */
const MEANING: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EADDRINUSE: "the address is in use",
  EADDRNOTAVAIL: "the address does not belong to this machine",
  EAFNOSUPPORT: "this machine does not speak the address family",
  EINVAL: "the address is not valid",
  EMFILE: "too many open descriptors",
  ENOENT: "the directory does not exist",
  EPERM: "permission denied",
};

/**
 * Binds once, and once more when a dead process left its socket file at the address. Throws GatewayError: `code` is the
 * errno name, or `listen/failed` when the runtime gave none.
 */
export async function bindAddress<Bound>(
  address: SocketAddress,
  attempt: () => Bound | Promise<Bound>,
): Promise<Bound> {
  try {
    return await attempt();
  } catch (cause) {
    const leftover = "unix" in address && errorCode(cause) === "EADDRINUSE" && (await removeStaleSocket(address.unix));
    if (!leftover) throw bindError(address, cause);
  }
  try {
    return await attempt();
  } catch (cause) {
    throw bindError(address, cause);
  }
}

/** The address for people: `127.0.0.1:5432`, `[::]:5432` or `unix:/run/x.sock`. */
function formatAddress(address: SocketAddress): string {
  if ("unix" in address) return `unix:${address.unix}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

function bindError(address: SocketAddress, cause: unknown): GatewayError {
  const code = errorCode(cause) ?? "listen/failed";
  const meaning = MEANING[code] ?? asError(cause).message;
  return new GatewayError(code, `Cannot listen on ${formatAddress(address)}: ${meaning}`, cause);
}
