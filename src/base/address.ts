// Addresses as people write them: `host:port`, `[v6]:port`, a range of ports instead of one, `unix:/path`. Text only:
// nothing is looked up, and what an empty host or `*` means is the caller's business.

import { formatIp, parseIp } from "./ip.ts";

/** Ports from the first to the last, both included; equal for one port. 0–65535. */
export interface Ports {
  readonly firstPort: number;
  readonly lastPort: number;
}

/** A written address. `host` is an IP without brackets in its short form, a lower-case name, `*`, or empty. */
export type Address = ({ readonly host: string } & Ports) | { readonly unix: string };

/** Why a text is no address: a phrase that can follow a colon. */
export interface AddressProblem {
  readonly problem: string;
}

/** What the kernel takes as the path of a unix socket (`sun_path` without its terminator). */
const MAX_UNIX_PATH_BYTES = 107;
/** RFC 1035: a name in text form. */
const MAX_NAME_CHARS = 253;

/** Parses a written address, or tells what is wrong with it. Total: never throws. */
export function parseAddress(text: string): Address | AddressProblem {
  if (text.startsWith("unix:")) return parseUnix(text.slice("unix:".length));
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0];
  if (scheme !== undefined) return { problem: `an address has no scheme, write it without "${scheme}"` };
  const colon = text.lastIndexOf(":");
  if (colon === -1 || text.endsWith("]")) return { problem: "the port is missing" };
  const written = text.slice(0, colon);
  const ports = parsePorts(text.slice(colon + 1));
  if ("problem" in ports) return ports;
  if (written.startsWith("[") && written.endsWith("]")) {
    const ip = parseIp(written.slice(1, -1));
    return ip === undefined || !written.includes(":")
      ? { problem: `"${written}" is not an IPv6 address` }
      : { host: formatIp(ip), ...ports };
  }
  if (written.includes(":")) return { problem: "an IPv6 address needs brackets, as in [2001:db8::1]:5432" };
  if (written === "" || written === "*") return { host: written, ...ports };
  const ip = parseIp(written);
  if (ip !== undefined) return { host: formatIp(ip), ...ports };
  return isHostName(written)
    ? { host: written.toLowerCase(), ...ports }
    : { problem: `"${written}" is neither an IP address nor a host name` };
}

/** Parses `port` or `first-last`, or tells what is wrong with it. */
export function parsePorts(text: string): Ports | AddressProblem {
  const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(text);
  if (match === null) return { problem: text === "" ? "the port is missing" : `"${text}" is not a port` };
  const firstPort = Number(match[1]);
  const lastPort = match[2] === undefined ? firstPort : Number(match[2]);
  const highest = Math.max(firstPort, lastPort);
  if (highest > 65_535) return { problem: `port ${highest} is not between 0 and 65535` };
  if (firstPort > lastPort) return { problem: `the range ${text} ends before it starts` };
  if (firstPort === 0 && lastPort > 0) return { problem: "port 0 cannot start a range" };
  return { firstPort, lastPort };
}

/** Writes `host:port`, with brackets around IPv6. */
export function formatHostPort(host: string, port: number | string): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Writes an address in the form that `parseAddress` reads. */
export function formatAddress(address: Address): string {
  if ("unix" in address) return `unix:${address.unix}`;
  const { host, firstPort, lastPort } = address;
  return formatHostPort(host, firstPort === lastPort ? firstPort : `${firstPort}-${lastPort}`);
}

/**
 * Whether a text can be looked up as a host name: labels of letters, digits, `-` and `_`. A last label of digits alone is
 * refused, because resolvers read such a name as an IPv4 address in some old notation.
 */
export function isHostName(text: string): boolean {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  if (name.length === 0 || name.length > MAX_NAME_CHARS) return false;
  const labels = name.split(".");
  return labels.every((label) => /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)$/.test(label)) && !/^\d+$/.test(labels.at(-1) ?? "");
}

function parseUnix(path: string): Address | AddressProblem {
  if (!path.startsWith("/")) return { problem: "the path of a unix socket must begin with /" };
  if (path.includes("\0")) return { problem: "the path of a unix socket cannot contain a NUL character" };
  return new TextEncoder().encode(path).length > MAX_UNIX_PATH_BYTES
    ? { problem: `the path of a unix socket can have at most ${MAX_UNIX_PATH_BYTES} bytes` }
    : { unix: path };
}
