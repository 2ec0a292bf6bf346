// The backends of a route, as a person writes them: where each one is, and how much it gets.

import * as v from "valibot";

import { type AddressProblem, isHostName, parseAddress } from "../base/address.ts";
import { connectionsRule } from "./connections-rule.ts";
import { closedMap, isBoundedList, isMap, quote, rule } from "./rule.ts";
import { booleanRule, wholeRule } from "./scalar-rule.ts";

/** One backend: a name or IP with a port or a range of ports, a unix socket, or the name of SRV records. */
export type BackendSpec = BackendPlace & {
  /** Share of new connections, 0–1,000,000; 0 takes none. */
  readonly weight: number;
  /** Used only while no other is usable. */
  readonly backup: boolean;
  /** Live connections of each of its addresses; 0 means no limit. */
  readonly maxConnections: number;
};

/** Where a backend is, without how it is used. */
type BackendPlace = (
  | {
      readonly host: string;
      /** Names that are asked for in turn while the one before does not exist; no Route document can say so. */
      readonly orElse?: readonly string[];
      readonly firstPort: number;
      readonly lastPort: number;
    }
  | { readonly unix: string }
  | { readonly srv: string }
) & {
  /** As written, for people. */
  readonly address: string;
};

const MAX_WEIGHT = 1_000_000;
/** Begins the name of SRV records. */
const SRV = "srv+";

const placeRule = rule((value, refuse): BackendPlace | undefined => {
  if (typeof value !== "string") {
    const hint = typeof value === "number" ? `Write "127.0.0.1:${value}" for a port of this machine` : undefined;
    refuse("bad-backend", `Expected "host:port", "unix:/path" or a map with "address", found ${quote(value)}`, hint);
    return undefined;
  }
  const place = value.startsWith(SRV) ? parseSrv(value.slice(SRV.length)) : parsePlace(value);
  if (!("problem" in place)) return { ...place, address: value };
  refuse("bad-backend", `Cannot use ${quote(value)} as a backend: ${place.problem}`);
  return undefined;
});

const backendMap = v.pipe(
  closedMap({
    address: placeRule,
    weight: v.optional(wholeRule("bad-weight", 0, MAX_WEIGHT)),
    backup: v.optional(booleanRule),
    maxConnections: v.optional(connectionsRule),
  }),
  v.transform(({ address, weight, backup, maxConnections }): BackendSpec => ({
    ...address,
    weight: weight ?? 1,
    backup: backup ?? false,
    maxConnections: maxConnections ?? 0,
  })),
);
const plainBackend = v.pipe(
  placeRule,
  v.transform((place): BackendSpec => ({ ...place, weight: 1, backup: false, maxConnections: 0 })),
);

/** `"host:port"`, `"host:first-last"`, `"unix:/path"`, `"srv+NAME"` or `{address, weight, backup, maxConnections}`. */
export const backendRule = v.lazy((item) => (isMap(item) ? backendMap : plainBackend));

/** A list, neither empty nor endless, of whatever. */
export const backendListRule = rule((value, refuse): unknown[] | undefined =>
  isBoundedList(value, refuse) ? value : undefined,
);

/** A list of backends. */
export const backendsRule = v.pipe(backendListRule, v.array(backendRule));

function parsePlace(text: string): Exclude<ReturnType<typeof parseAddress>, AddressProblem> | AddressProblem {
  const address = parseAddress(text);
  if ("problem" in address || "unix" in address) return address;
  if (address.host === "" || address.host === "*") return { problem: "the host is missing" };
  return address.firstPort === 0 ? { problem: "port 0 cannot be connected to" } : address;
}

function parseSrv(name: string): { readonly srv: string } | AddressProblem {
  if (isHostName(name)) return { srv: name.toLowerCase() };
  const colon = name.lastIndexOf(":");
  if (colon !== -1 && isHostName(name.slice(0, colon))) return { problem: "SRV records say the port, write none" };
  return { problem: `"${name}" is not a name of SRV records, such as _postgres._tcp.internal` };
}
