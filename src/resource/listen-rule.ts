// Where a route listens, as a person writes it.

import { type AddressProblem, parseAddress, parsePorts } from "../base/address.ts";
import { parseCidr } from "../base/ip.ts";
import { isBoundedList, quote, type Refuse, rule } from "./rule.ts";

/**
 * An address or a range of ports to listen on. `host` is an IP without brackets, `::` for all addresses, IPv4 and IPv6;
 * absent means the default addresses.
 */
export interface ListenSpec {
  readonly host?: string;
  readonly firstPort: number;
  /** Equal to `firstPort` for a single port. */
  readonly lastPort: number;
}

/** `5432`, `"host:5432"`, `"49152-49172"`, or a list of these. */
export const listenRule = rule(readListens);

/** The good ones of these. */
export function readListens(value: unknown, refuse: Refuse): readonly ListenSpec[] | undefined {
  if (!Array.isArray(value)) {
    const one = readListen(value, refuse, []);
    return one === undefined ? undefined : [one];
  }
  if (!isBoundedList(value, refuse)) return undefined;
  const specs = value.map((item: unknown, index) => readListen(item, refuse, [index]));
  return specs.filter((spec) => spec !== undefined);
}

function readListen(value: unknown, refuse: Refuse, path: readonly number[]): ListenSpec | undefined {
  const spec = parseListen(value);
  if (!("problem" in spec)) return spec;
  refuse("bad-listen", `Cannot listen on ${quote(value)}: ${spec.problem}`, undefined, path);
  return undefined;
}

function parseListen(value: unknown): ListenSpec | AddressProblem {
  const wanted = 'wanted is a port, "host:port" or "first-last"';
  if (typeof value !== "string" && typeof value !== "number") return { problem: wanted };
  const text = String(value);
  if (/^[\d-]/.test(text) && !/[.:]/.test(text)) return parsePorts(text);
  const address = parseAddress(text);
  if ("problem" in address) return address;
  if ("unix" in address) return { problem: `${wanted}, not a unix socket` };
  const { host, firstPort, lastPort } = address;
  // `::` is how sockets say "all addresses, IPv4 and IPv6". `localhost` could be two addresses; the usual one is meant.
  if (host === "" || host === "*") return { host: "::", firstPort, lastPort };
  if (host === "localhost") return { host: "127.0.0.1", firstPort, lastPort };
  if (parseCidr(host) === undefined) return { problem: `"${host}" is not an IP address of this machine` };
  return address;
}
