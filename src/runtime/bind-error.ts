// What is said when an address cannot be bound: the same words and codes under every runtime.

import { GatewayError } from "../base/gateway-error.ts";
import type { SocketAddress } from "./runtime.ts";

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

/** The address for people: `127.0.0.1:5432`, `[::]:5432` or `unix:/run/x.sock`. */
export function formatAddress(address: SocketAddress): string {
  if ("unix" in address) return `unix:${address.unix}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The errno name that a runtime put into `code`; `undefined` when `error` has none. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The error for a failed bind: `code` is the errno name, or `listen/failed` when the runtime gave none. */
export function bindError(address: SocketAddress, cause: unknown): GatewayError {
  const code = errorCode(cause) ?? "listen/failed";
  const meaning = MEANING[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return new GatewayError(code, `Cannot listen on ${formatAddress(address)}: ${meaning}`, cause);
}
