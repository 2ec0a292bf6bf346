// The values of a Route document: how a listen address, a backend, a list of CIDRs, a duration … is written, and what is
// said about one that is wrong. Each rule judges one value; what keys a route has is `route.ts`.

import * as v from "valibot";

import { type AddressProblem, parseAddress, parsePorts } from "../base/address.ts";
import { parseDuration } from "../base/duration.ts";
import { type Cidr, formatCidr, parseCidr, parseIp } from "../base/ip.ts";
import { closedMap, isMap, quote, type Refuse, rule } from "./rule.ts";

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

/** One backend: a name or IP with a port or a range of ports, a unix socket, or the name of SRV records. */
export type BackendSpec = (
  | { readonly host: string; readonly firstPort: number; readonly lastPort: number }
  | { readonly unix: string }
  | { readonly srv: string }
) & {
  /** As written, for people. */
  readonly address: string;
  /** Share of new connections, 0–1,000,000; 0 takes none. */
  readonly weight: number;
  /** Used only while no other is usable. */
  readonly backup: boolean;
  /** Live connections of each of its addresses; 0 means no limit. */
  readonly maxConnections: number;
};

const MAX_WEIGHT = 1_000_000;
/** A route can have many backends and listen addresses, but a list this long is a mistake. */
const MAX_LIST_ITEMS = 10_000;
/** Of a list of addresses, this many wrong ones are told. */
const MAX_WRONG_ITEMS = 100;
/** Above what any machine can hold, and below where numbers lose precision. */
const MAX_CONNECTIONS = 1_000_000_000;
/** What a name may be: it is shown in logs, metric labels and URLs. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,62}$/;

/** Whether a text can be a route's name: 1–63 letters, digits, `.`, `_` and `-`, but not `.` or `-` first. */
export function isRouteName(text: string): boolean {
  return NAME.test(text);
}

export const nameRule = rule((value, refuse): string | undefined => {
  if (typeof value === "string" && isRouteName(value)) return value;
  const hint = 'Use 1–63 letters, digits, ".", "_" and "-", but not "." or "-" first';
  refuse("bad-name", `Cannot use ${quote(value)} as a name`, typeof value === "number" ? `Write "${value}"` : hint);
  return undefined;
});

/** `5432`, `"host:5432"`, `"49152-49172"`, or a list of these. */
export const listenRule = rule((value, refuse): readonly ListenSpec[] | undefined => {
  if (!Array.isArray(value)) {
    const one = readListen(value, refuse, []);
    return one === undefined ? undefined : [one];
  }
  if (!boundedList(value, refuse)) return undefined;
  const specs = value.map((item: unknown, index) => readListen(item, refuse, [index]));
  return specs.filter((spec) => spec !== undefined);
});

const backendText = rule((value, refuse): BackendTarget | undefined => {
  if (typeof value !== "string") {
    const hint = typeof value === "number" ? `Write "127.0.0.1:${value}" for a port of this machine` : undefined;
    refuse("bad-backend", `Expected "host:port", "unix:/path" or a map with "address", found ${quote(value)}`, hint);
    return undefined;
  }
  if (value.startsWith("srv+")) {
    refuse("not-supported", `Cannot use ${quote(value)}: this version does not look up SRV records`);
    return undefined;
  }
  const address = parseAddress(value);
  const wrong = "problem" in address ? address.problem : unusableTarget(address);
  if (wrong === undefined && !("problem" in address)) return { ...address, address: value };
  refuse("bad-backend", `Cannot use ${quote(value)} as a backend: ${wrong}`);
  return undefined;
});

const weightRule = rule((value, refuse): number | undefined => {
  if (isWhole(value, MAX_WEIGHT)) return value;
  refuse("bad-weight", `Expected a whole number from 0 to ${MAX_WEIGHT}, found ${quote(value)}`);
  return undefined;
});

const weightedBackend = v.pipe(
  closedMap({ address: backendText, weight: v.optional(weightRule) }),
  v.transform(({ address, weight }): BackendSpec => ({
    ...address,
    weight: weight ?? 1,
    backup: false,
    maxConnections: 0,
  })),
);
const plainBackend = v.pipe(
  backendText,
  v.transform((address): BackendSpec => ({ ...address, weight: 1, backup: false, maxConnections: 0 })),
);

/** A list of `"host:port"`, `"host:first-last"`, `"unix:/path"` or `{address, weight}`. */
export const backendsRule = v.pipe(
  rule((value, refuse): unknown[] | undefined => (boundedList(value, refuse) ? value : undefined)),
  v.array(v.lazy((item) => (isMap(item) ? weightedBackend : plainBackend))),
);

/** A list of addresses and CIDRs. */
export const cidrsRule = rule((value, refuse): readonly Cidr[] | undefined => {
  if (!Array.isArray(value)) {
    const hint = typeof value === "string" ? `Write [${JSON.stringify(value)}]` : undefined;
    refuse("wrong-type", `Expected a list of addresses and CIDRs, found ${quote(value)}`, hint);
    return undefined;
  }
  // An empty `allow` could mean everyone or no one, and which of the two should not be guessed.
  if (value.length === 0) refuse("empty-list", "Expected at least one address or CIDR, found an empty list");
  const cidrs: Cidr[] = [];
  let wrong = 0;
  value.forEach((item: unknown, index) => {
    const cidr = typeof item === "string" ? parseCidr(item) : undefined;
    if (cidr !== undefined && !hasHostBits(cidr, String(item))) cidrs.push(cidr);
    else if (++wrong > MAX_WRONG_ITEMS) return;
    else if (cidr === undefined)
      refuse("bad-cidr", `Expected an address or CIDR such as 10.0.0.0/8, found ${quote(item)}`, undefined, [index]);
    else {
      const hint = `Write ${formatCidr(cidr)} for all of it, or the address without a prefix`;
      refuse("host-bits", `${quote(item)} is an address inside ${formatCidr(cidr)}`, hint, [index]);
    }
  });
  return cidrs;
});

/** Whether a prefix was written with an address that is not its first: one of the two is not what was meant. */
function hasHostBits({ ip }: Cidr, text: string): boolean {
  const slash = text.indexOf("/");
  const written = slash === -1 ? ip : parseIp(text.slice(0, slash));
  if (written === undefined || typeof written === "number" || typeof ip === "number") return written !== ip;
  return written.some((word, at) => word !== ip[at]);
}

/** `1500ms`, `30s`, `1h30m`; `off` and 0 for no limit. Milliseconds. */
export const durationRule = rule((value, refuse): number | undefined => {
  const ms = value === 0 ? 0 : typeof value === "string" ? parseDuration(value) : undefined;
  if (ms !== undefined) return ms;
  const hint = typeof value === "number" && value > 0 ? `Write ${value}s for seconds` : undefined;
  refuse("bad-duration", `Expected a duration such as 1500ms, 30s, 1h30m or off, found ${quote(value)}`, hint);
  return undefined;
});

/** How many connections; 0 for no limit. */
export const connectionLimitRule = rule((value, refuse): number | undefined => {
  if (isWhole(value, MAX_CONNECTIONS)) return value;
  refuse("bad-limit", `Expected a whole number from 0 to ${MAX_CONNECTIONS}, found ${quote(value)}`);
  return undefined;
});

/** Where a backend is, without how it is used. */
type BackendTarget = BackendSpec extends infer Spec
  ? Spec extends BackendSpec
    ? Omit<Spec, "weight" | "backup" | "maxConnections">
    : never
  : never;

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

function unusableTarget(address: Exclude<ReturnType<typeof parseAddress>, AddressProblem>): string | undefined {
  if ("unix" in address) return undefined;
  if (address.host === "" || address.host === "*") return "the host is missing";
  return address.firstPort === 0 ? "port 0 cannot be connected to" : undefined;
}

function boundedList(value: unknown, refuse: Refuse): value is unknown[] {
  if (!Array.isArray(value)) {
    const hint = typeof value === "string" ? `Write [${JSON.stringify(value)}]` : undefined;
    refuse("wrong-type", `Expected a list, found ${quote(value)}`, hint);
    return false;
  }
  if (value.length === 0) refuse("empty-list", "Expected at least one entry, found an empty list");
  if (value.length > MAX_LIST_ITEMS)
    refuse("long-list", `Expected at most ${MAX_LIST_ITEMS} entries, found ${value.length}`);
  return value.length > 0 && value.length <= MAX_LIST_ITEMS;
}

function isWhole(value: unknown, max: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= max;
}
