// Looks a client up in the tables of a listener, as the data path does.

import { lookupCidr } from "../../src/base/cidr-map.ts";
import { lookupHostname } from "../../src/base/hostname-map.ts";
import { parseIp } from "../../src/base/ip.ts";
import type { ListenerPlan } from "../../src/plan/plan.ts";

/** Who connects; one that does not speak TLS has no `tls`. */
export interface PlayedClient {
  readonly address: string;
  readonly tls?: { readonly name?: string; readonly alpn?: readonly string[] };
}

/** Names of the routes that a client may get, in the order in which they are tried; empty: none. */
export function chooseRoutes(listener: ListenerPlan, { address, tls }: PlayedClient): readonly string[] {
  const ip = parseIp(address);
  if (ip === undefined) throw new Error(`"${address}" is no address`);
  const nameOf = (index: number) => listener.entries[index]?.route ?? "";
  const match = listener.hello?.tls;
  if (tls === undefined || match === undefined) {
    const index = listener.bySource === undefined ? -1 : lookupCidr(listener.bySource, ip);
    const entry = index === -1 ? listener.fallback : index;
    return entry === -1 ? [] : [nameOf(entry)];
  }
  const byAlpn = match.protocols[lookupHostname(match.names, tls.name)];
  if (byAlpn === undefined) return [];
  const offered = tls.alpn?.find((protocol) => byAlpn.byProtocol.has(protocol));
  const bySource = match.sources[byAlpn.byProtocol.get(offered ?? "") ?? byAlpn.fallback];
  if (bySource === undefined) return [];
  const cell = bySource.bySource === undefined ? -1 : lookupCidr(bySource.bySource, ip);
  return (match.cells[cell === -1 ? bySource.fallback : cell] ?? []).map(nameOf);
}
