// Which routes cannot share an address because of whom they match: some client would belong to both, or only its
// certificate would tell them apart and they would ask for it differently. Compares set by set: all that a route matches,
// multiplied out, can be too much.

import type { Credentials } from "../resource/credentials.ts";
import type { RouteResource } from "../resource/route.ts";
import { isClosed } from "./closed.ts";
import { type HandshakeDifference, Handshakes } from "./handshakes.ts";
import { type MatchKeys, matchKeysOf } from "./match-keys.ts";

/** Why a route cannot be where another one is. */
export interface Clash {
  readonly other: RouteResource;
  /** Clients that both match, as `match-keys.ts` writes them. */
  readonly host: string;
  readonly alpn: string;
  readonly source: string;
  /** Absent: both match them. Otherwise their certificates decide, and this is not the same before they are seen. */
  readonly difference?: HandshakeDifference;
}

type Dimension = "hosts" | "alpn" | "sources";

const DIMENSIONS: readonly Dimension[] = ["hosts", "sources", "alpn"];

/** Fewer routes than this are looked at one by one. */
const FEW_ROUTES = 16;

/** Matches of all routes that may meet. Everything is made when it is asked for: most routes have an address alone. */
export class Matches {
  readonly #routes: readonly RouteResource[];
  readonly #handshakes: Handshakes;
  readonly #keys = new Map<RouteResource, MatchKeys>();
  readonly #byKey: Record<Dimension, Map<string, RouteResource[]> | undefined> = {
    hosts: undefined,
    alpn: undefined,
    sources: undefined,
  };

  constructor(routes: readonly RouteResource[], credentials: Credentials) {
    this.#routes = routes;
    this.#handshakes = new Handshakes(credentials);
  }

  /** Why two routes cannot share an address, or `undefined`. */
  compare(route: RouteResource, other: RouteResource): Clash | undefined {
    const own = this.#keysOf(route);
    const theirs = this.#keysOf(other);
    const difference = own.certificate === theirs.certificate ? undefined : this.#compareHandshakes(route, other);
    // Told apart by certificate, and asked for it in the same way.
    if (own.certificate !== theirs.certificate && difference === undefined) return undefined;
    const host = findShared(own.hosts, theirs.hosts);
    if (host === undefined) return undefined;
    const source = findShared(own.sources, theirs.sources);
    if (source === undefined) return undefined;
    const alpn = findShared(own.alpn, theirs.alpn);
    if (alpn === undefined) return undefined;
    return { other, host, alpn, source, ...(difference === undefined ? {} : { difference }) };
  }

  #compareHandshakes(route: RouteResource, other: RouteResource): HandshakeDifference | undefined {
    // A closed route shakes no hands.
    return isClosed(route) || isClosed(other) ? undefined : this.#handshakes.compare(route, other);
  }

  /** Routes that have a key in common with this one where the fewest have; one that has several is there as often. */
  near(route: RouteResource): readonly RouteResource[] {
    const own = this.#keysOf(route);
    let fewest: readonly (readonly RouteResource[])[] = [];
    let count = Number.POSITIVE_INFINITY;
    for (const dimension of DIMENSIONS) {
      const byKey = this.#indexOf(dimension);
      const lists = Array.from(own[dimension], (key) => byKey.get(key) ?? []);
      const total = lists.reduce((sum, { length }) => sum + length, 0);
      if (total < count) [fewest, count] = [lists, total];
    }
    return fewest.flat();
  }

  #indexOf(dimension: Dimension): ReadonlyMap<string, readonly RouteResource[]> {
    const known = this.#byKey[dimension];
    if (known !== undefined) return known;
    const byKey = new Map<string, RouteResource[]>();
    this.#byKey[dimension] = byKey;
    for (const route of this.#routes) {
      for (const key of this.#keysOf(route)[dimension]) {
        const routes = byKey.get(key);
        if (routes === undefined) byKey.set(key, [route]);
        else routes.push(route);
      }
    }
    return byKey;
  }

  #keysOf(route: RouteResource): MatchKeys {
    const known = this.#keys.get(route);
    if (known !== undefined) return known;
    const keys = matchKeysOf(route);
    this.#keys.set(route, keys);
    return keys;
  }
}

/** What one route clashes with; remembered, because a range asks for each of its ports. */
export class Clashes {
  readonly #matches: Matches;
  readonly #route: RouteResource;
  readonly #known = new Map<RouteResource, Clash | undefined>();
  #near: readonly RouteResource[] | undefined;

  constructor(matches: Matches, route: RouteResource) {
    this.#matches = matches;
    this.#route = route;
  }

  /** The first clash with one of `routes`. */
  find(routes: ReadonlySet<RouteResource>): Clash | undefined {
    for (const other of this.#candidates(routes)) {
      const clash = routes.has(other) ? this.#compare(other) : undefined;
      if (clash !== undefined) return clash;
    }
    return undefined;
  }

  #candidates(routes: ReadonlySet<RouteResource>): Iterable<RouteResource> {
    if (routes.size < FEW_ROUTES) return routes;
    this.#near ??= this.#matches.near(this.#route);
    return this.#near.length < routes.size ? this.#near : routes;
  }

  #compare(other: RouteResource): Clash | undefined {
    if (other === this.#route) return undefined;
    if (this.#known.has(other)) return this.#known.get(other);
    const clash = this.#matches.compare(this.#route, other);
    this.#known.set(other, clash);
    return clash;
  }
}

/** The first key of `a` that `b` has too. */
function findShared(a: ReadonlySet<string>, b: ReadonlySet<string>): string | undefined {
  if (a.size > b.size && b.isDisjointFrom(a)) return undefined;
  for (const key of a) if (b.has(key)) return key;
  return undefined;
}
