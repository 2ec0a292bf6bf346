// The routes of one address. What is read of a client before its route is known is the same for all of them: their protocol,
// and from whom a PROXY header is wanted. Routes that refuse everybody have no say in it.

import { formatCidr } from "../base/ip.ts";
import type { RouteResource } from "../resource/route.ts";
import { isClosed } from "./closed.ts";

/** What routes want to read of a client first, as texts to compare; remembered, because a range asks for each of its ports. */
export class Preambles {
  readonly #known = new Map<RouteResource, string>();

  /** `undefined` for a route that has no say. */
  of(route: RouteResource): string | undefined {
    if (isClosed(route)) return undefined;
    const known = this.#known.get(route);
    if (known !== undefined) return known;
    const preamble = describePreamble(route);
    this.#known.set(route, preamble);
    return preamble;
  }
}

/** The same for the same set of prefixes, however it is written. */
function describePreamble({ protocol, proxyAccept }: RouteResource): string {
  if (proxyAccept === undefined) return protocol;
  const from = new Set(proxyAccept.from.map(formatCidr));
  return [protocol, proxyAccept.versions, ...Array.from(from).toSorted()].join(" ");
}

/** Routes that have one address, or that will want it. */
export class Holders {
  readonly #preambles: Preambles;
  readonly #routes = new Set<RouteResource>();
  readonly #byPreamble = new Map<string, Set<RouteResource>>();

  constructor(preambles: Preambles) {
    this.#preambles = preambles;
  }

  get routes(): ReadonlySet<RouteResource> {
    return this.#routes;
  }

  add(route: RouteResource): void {
    this.#routes.add(route);
    const preamble = this.#preambles.of(route);
    if (preamble === undefined) return;
    const alike = this.#byPreamble.get(preamble);
    if (alike === undefined) this.#byPreamble.set(preamble, new Set([route]));
    else alike.add(route);
  }

  delete(route: RouteResource): void {
    this.#routes.delete(route);
    const preamble = this.#preambles.of(route);
    if (preamble === undefined) return;
    const alike = this.#byPreamble.get(preamble);
    alike?.delete(route);
    if (alike?.size === 0) this.#byPreamble.delete(preamble);
  }

  /** A route that an address cannot be shared with because one of the two wants it alone. */
  findUnsharing(route: RouteResource): RouteResource | undefined {
    for (const other of this.#routes) {
      if (other !== route && (route.alone === true || other.alone === true)) return other;
      // Those that are here share it.
      if (other !== route) return undefined;
    }
    return undefined;
  }

  /** A route that wants to read something else of the same clients. */
  findDiffering(route: RouteResource): RouteResource | undefined {
    const own = this.#preambles.of(route);
    if (own === undefined) return undefined;
    for (const [preamble, routes] of this.#byPreamble) {
      const [first] = routes;
      if (preamble !== own) return first;
    }
    return undefined;
  }
}

/** The routes whose say counts: all of them when every one refuses everybody. */
export function deciding(routes: readonly RouteResource[]): readonly RouteResource[] {
  const open = routes.filter((route) => !isClosed(route));
  return open.length === 0 ? routes : open;
}
