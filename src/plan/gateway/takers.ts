// Which route of a section has the clients of which name. A client belongs to the listener that means its name most closely, and
// to no other, whatever that listener does with it (listener isolation); there to the oldest route that means it.

import type { TcpRoute, TlsRoute } from "../../resource/manifest/l4-route.ts";
import { closestOf } from "./hostnames.ts";
import type { Section } from "./section.ts";

export type L4Route = TcpRoute | TlsRoute;

/** Name → route; of a TCP section the name is empty. */
export type Takers = ReadonlyMap<string, L4Route>;

/** Host names of all TLS listeners of a Gateway on one port; `undefined`: of every name. */
export type PortNames = ReadonlySet<string | undefined>;

/** Whether the clients of a name are another listener's, although a section's own name means them too. */
export function isOthersOf({ listener }: Section, names: PortNames): (hostname: string) => boolean {
  return names.size < 2 ? () => false : (hostname) => closestOf(names, hostname) !== listener.hostname;
}

/** Who has what. */
export function takersOf(section: Section, isOthers: (hostname: string) => boolean): Takers {
  const takers = new Map<string, L4Route>();
  if (section.listener.protocol === "TCP") {
    const [first] = section.attachments;
    return first === undefined ? takers : takers.set("", first.route);
  }
  for (const { route, hostnames } of section.attachments) {
    for (const hostname of hostnames) {
      if (!takers.has(hostname) && !isOthers(hostname)) takers.set(hostname, route);
    }
  }
  return takers;
}
