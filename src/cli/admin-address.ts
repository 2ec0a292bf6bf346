// How people write where the admin port is: `host:port`, a port alone, `[::1]:4040`, or `unix:/path`.

import type { SocketAddress } from "../runtime/runtime.ts";

/** Where the admin port is when nobody says otherwise (design 6). */
export const DEFAULT_ADMIN = "127.0.0.1:4040";

/** What is wanted, for messages. */
export const ADMIN_WANTED = "HOST:PORT, such as 127.0.0.1:4040, or unix:/PATH";

const MAX_PORT = 65_535;

/** Parses an address; `undefined` when it is none. `localhost` is 127.0.0.1, as that is where the gateway binds. */
export function parseAdminAddress(text: string): SocketAddress | undefined {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return path === "" ? undefined : { unix: path };
  }
  const parts = /^(?:(?:\[([^\][]+)\]|([^\][:/?#@\s]+)):)?(\d{1,5})$/.exec(text);
  if (parts === null) return undefined;
  const host = parts[1] ?? parts[2] ?? "127.0.0.1";
  const port = Number(parts[3]);
  if (port > MAX_PORT) return undefined;
  return { host: host.toLowerCase() === "localhost" ? "127.0.0.1" : host, port };
}

/** As people paste it into a browser or into `--admin`. */
export function formatAdminAddress(address: SocketAddress): string {
  return "unix" in address ? `unix:${address.unix}` : `http://${formatHostPort(address.host, address.port)}`;
}

/** Where to connect to reach a gateway that was told to listen here: all addresses means this machine. */
export function reachableAddress(address: SocketAddress): SocketAddress {
  if ("unix" in address) return address;
  if (address.host === "0.0.0.0") return { host: "127.0.0.1", port: address.port };
  return address.host === "::" ? { host: "::1", port: address.port } : address;
}

/** `host:port`, with brackets around IPv6. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
