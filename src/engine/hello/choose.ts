// Which of a listener's routes a client may get, by what it said of itself. Look-ups only: the tables are made in `plan/`,
// and whether the route lets the client in is the route's business.

import { lookupCidr } from "../../base/cidr-map.ts";
import { lookupHostname } from "../../base/hostname-map.ts";
import type { Ip } from "../../base/ip.ts";
import type { ListenerPlan, TlsMatch } from "../../plan/plan.ts";

const NONE: readonly number[] = [];

/** Index into the listener's entries for a client that does not speak TLS, or -1. `ip` is absent on unix sockets. */
export function choosePlain({ bySource, fallback }: ListenerPlan, ip: Ip | undefined): number {
  const found = bySource === undefined || ip === undefined ? -1 : lookupCidr(bySource, ip);
  return found === -1 ? fallback : found;
}

/** Indices for a TLS client, in the order in which their certificates are asked for; empty when no route wants it. */
export function chooseTls(
  match: TlsMatch,
  serverName: string | undefined,
  offered: readonly string[],
  ip: Ip | undefined,
): readonly number[] {
  const protocols = match.protocols[lookupHostname(match.names, serverName)];
  if (protocols === undefined) return NONE;
  const sources = match.sources[chooseProtocol(protocols, offered)];
  if (sources === undefined) return NONE;
  const cell = sources.bySource === undefined || ip === undefined ? -1 : lookupCidr(sources.bySource, ip);
  return match.cells[cell === -1 ? sources.fallback : cell] ?? NONE;
}

function chooseProtocol({ byProtocol, fallback }: TlsMatch["protocols"][number], offered: readonly string[]): number {
  if (byProtocol.size === 0) return fallback;
  for (const protocol of offered) {
    const found = byProtocol.get(protocol);
    if (found !== undefined) return found;
  }
  return fallback;
}

/** What no route of the listener is for. */
export function unwanted(serverName: string | undefined): string {
  return serverName === undefined ? "TLS without a name" : "Nobody takes this name, protocol and address";
}
