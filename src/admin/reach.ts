// Who can reach the admin port, which decides what it asks of a request (design 6, "Admin port").

import type { SocketAddress } from "../runtime/runtime.ts";

/** `unix`: whoever may open the socket file. `loopback`: this machine, its browsers included. `network`: others. */
export type AdminReach = "unix" | "loopback" | "network";

/** Judges the address that the admin port is bound to; what is not surely loopback is `network`. */
export function adminReach(address: SocketAddress): AdminReach {
  if ("unix" in address) return "unix";
  return isLoopbackName(address.host) ? "loopback" : "network";
}

/**
 * Whether a `Host` header (or the part of an `Origin` after `://`) names this machine: `localhost`, 127.0.0.0/8 or `[::1]`,
 * with or without a port and a trailing dot. A page that rebinds its own name to 127.0.0.1 (DNS rebinding) sends that name
 * here and is found out. Total.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  const match = host === undefined ? null : /^(\[[^\]]*\]|[^:[\]]*)(?::\d{0,5})?$/.exec(host);
  const name = match?.[1];
  if (name === undefined) return false;
  return name.startsWith("[") ? name === "[::1]" : isLoopbackName(name);
}

function isLoopbackName(name: string): boolean {
  const bare = name.toLowerCase().replace(/\.$/, "");
  if (bare === "localhost" || bare === "::1") return true;
  const octets = /^127\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(bare);
  return octets !== null && octets.slice(1).every((octet) => Number(octet) <= 255);
}
