// Who gets which address and port. Every route claims the addresses it listens on; two routes can share one only when
// their matches keep them apart. What is running keeps its address; among newcomers the first one gets it.

import type { Diagnostic } from "../base/diagnostic.ts";
import { formatHostPort } from "../base/address.ts";
import { formatCidr } from "../base/ip.ts";
import type { ValuePath } from "../resource/origin.ts";
import type { RouteResource } from "../resource/route.ts";
import type { Plan } from "./plan.ts";

/** One address and port that one route wants. */
export interface Claim {
  /** The listener's name, see `ListenerPlan`. Port 0 is another port each time, so its name also has the route's. */
  readonly name: string;
  /** Absent for all addresses. */
  readonly host?: string;
  readonly port: number;
  readonly portOffset: number;
  /** Where it was written. */
  readonly path: ValuePath;
}

/** A route and all that it claims. */
export interface Claimant {
  readonly route: RouteResource;
  readonly claims: readonly Claim[];
}

/** All addresses and ports of a route; `bind` are the hosts of a `listen` without one. */
export function claimsOf(route: RouteResource, bind: readonly string[]): readonly Claim[] {
  const claims: Claim[] = [];
  let ephemeral = 0;
  for (const [index, { host, firstPort, lastPort }] of route.listen.entries()) {
    const hosts = host !== undefined ? [host] : bind.length > 0 ? bind : ["::"];
    for (const each of hosts) {
      const all = each === "::";
      for (let port = firstPort; port <= lastPort; port++) {
        let name = formatHostPort(all ? "*" : each, port);
        if (port === 0) name += ephemeral++ === 0 ? `#${route.name}` : `#${route.name}.${ephemeral}`;
        const path = route.listen.length === 1 ? ["listen"] : ["listen", index];
        claims.push({ name, ...(all ? {} : { host: each }), port, portOffset: port - firstPort, path });
      }
    }
  }
  return claims;
}

/** All IPv4 addresses, and no IPv6 one. */
const ALL_IPV4 = "0.0.0.0";

/** How many addresses a route claims, without making the list. */
export function countClaims(route: RouteResource, bind: readonly string[]): number {
  let count = 0;
  for (const { host, firstPort, lastPort } of route.listen) {
    count += (lastPort - firstPort + 1) * (host === undefined ? Math.max(1, bind.length) : 1);
  }
  return count;
}

/** Those who get all they claim. The others are told why not, each once, at the first claim that fails. */
export function settleClaims(
  claimants: readonly Claimant[],
  previous: Plan | undefined,
  diagnostics: Diagnostic[],
): ReadonlySet<RouteResource> {
  const board = new Board(previous);
  const winners = new Set<RouteResource>();
  for (const claimant of board.reserve(claimants)) {
    const refusal = board.take(claimant);
    if (refusal === undefined) {
      winners.add(claimant.route);
      continue;
    }
    const { file } = claimant.route.origin;
    const { path, ...rest } = refusal;
    diagnostics.push({ file, ...claimant.route.origin.locate(path), severity: "error", ...rest });
  }
  return winners;
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly path: ValuePath;
  readonly hint?: string;
}

/** A taken address and the routes that share it. */
interface Taken {
  readonly claim: Claim;
  readonly routes: RouteResource[];
}

/** The addresses that are taken so far, and those that running routes will want. */
class Board {
  readonly #running: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #files: ReadonlyMap<string, string>;
  /** Port → listener name → who has it. */
  readonly #taken = new Map<number, Map<string, Taken>>();
  /** Listener name → routes that have it now, want it again and did not have their turn yet. */
  readonly #reserved = new Map<string, Set<RouteResource>>();
  readonly #matches = new Map<RouteResource, ReadonlySet<string>>();

  constructor(previous: Plan | undefined) {
    this.#files = new Map(previous?.routes.map(({ name, file }) => [name, file]));
    this.#running = new Map(
      previous?.listeners.map(({ name, entries }) => [name, new Set(entries.map(({ route }) => route))]),
    );
  }

  /** Routes that only keep what they have, then those that want more besides, then new ones; each in their given order. */
  reserve(claimants: readonly Claimant[]): readonly Claimant[] {
    const ranked = claimants.map((claimant) => {
      const { route, claims } = claimant;
      const same = this.#files.get(route.name) === route.origin.file;
      const kept = claims.filter(({ name }) => same && this.#running.get(name)?.has(route.name) === true);
      for (const { name } of kept) {
        const reserved = this.#reserved.get(name);
        if (reserved === undefined) this.#reserved.set(name, new Set([route]));
        else reserved.add(route);
      }
      return { claimant, rank: kept.length === claims.length ? 0 : kept.length > 0 ? 1 : 2 };
    });
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ claimant }) => claimant);
  }

  /** Gives a route all that it claims, or nothing, and then says why. */
  take({ route, claims }: Claimant): Refusal | undefined {
    const shared = new Map<RouteResource, string | undefined>();
    const added: Claim[] = [];
    let refusal: Refusal | undefined;
    for (const claim of claims) {
      this.#reserved.get(claim.name)?.delete(route);
      if (refusal !== undefined || claim.port === 0) continue;
      refusal = this.#refusal(route, claim, shared);
      if (refusal !== undefined) continue;
      const onPort = this.#taken.get(claim.port) ?? new Map<string, Taken>();
      this.#taken.set(claim.port, onPort);
      const taken = onPort.get(claim.name) ?? { claim, routes: [] };
      onPort.set(claim.name, taken);
      taken.routes.push(route);
      added.push(claim);
    }
    if (refusal !== undefined) for (const claim of added) this.#release(route, claim);
    return refusal;
  }

  #release(route: RouteResource, claim: Claim): void {
    const onPort = this.#taken.get(claim.port);
    const routes = onPort?.get(claim.name)?.routes;
    if (routes?.at(-1) === route) routes.pop();
    if (routes?.length === 0) onPort?.delete(claim.name);
  }

  #refusal(route: RouteResource, claim: Claim, shared: Map<RouteResource, string | undefined>): Refusal | undefined {
    for (const taken of this.#taken.get(claim.port)?.values() ?? []) {
      const same = taken.claim.name === claim.name;
      if (same || overlaps(taken.claim, claim)) {
        if (taken.routes.includes(route)) return selfConflict(claim, taken.claim);
      }
      if (same) {
        for (const other of taken.routes) {
          const match = this.#sharedMatch(route, other, shared);
          if (match !== undefined) return conflict(route, claim, other, match);
        }
      } else if (overlaps(taken.claim, claim)) {
        const message = `Cannot listen on ${claim.name}: ${describe(taken.routes[0])} listens on ${taken.claim.name}`;
        return { code: "plan/listen-overlap", message, path: claim.path };
      }
    }
    for (const other of this.#reserved.get(claim.name) ?? []) {
      const match = this.#sharedMatch(route, other, shared);
      if (match !== undefined) return conflict(route, claim, other, match);
    }
    return undefined;
  }

  /** What both routes match, `""` for "everyone else"; remembered, because a range asks for each of its ports. */
  #sharedMatch(
    route: RouteResource,
    other: RouteResource,
    shared: Map<RouteResource, string | undefined>,
  ): string | undefined {
    if (shared.has(other)) return shared.get(other);
    const theirs = this.#matchesOf(other);
    const match = Array.from(this.#matchesOf(route)).find((each) => theirs.has(each));
    shared.set(other, match);
    return match;
  }

  /** The prefixes that a route matches; `""` when it takes everyone who is left. */
  #matchesOf(route: RouteResource): ReadonlySet<string> {
    const known = this.#matches.get(route);
    if (known !== undefined) return known;
    const matches = new Set(route.sources.length === 0 ? [""] : route.sources.map(formatCidr));
    this.#matches.set(route, matches);
    return matches;
  }
}

function selfConflict(claim: Claim, taken: Claim): Refusal {
  const message =
    claim.name === taken.name
      ? `Cannot listen on ${claim.name} twice`
      : `Cannot listen on ${claim.name} and on ${taken.name}: one of them stands for both`;
  return { code: "plan/listen-overlap", message, path: claim.path };
}

function conflict(route: RouteResource, claim: Claim, other: RouteResource, match: string): Refusal {
  if (match !== "") {
    const index = route.sources.findIndex((cidr) => formatCidr(cidr) === match);
    const message = `Cannot match ${match} on ${claim.name}: ${describe(other)} does`;
    return { code: "plan/match-conflict", message, path: ["match", "sources", index] };
  }
  const message = `Cannot listen on ${claim.name}: ${describe(other)} does`;
  const hint = 'Give one of them "match: {sources: [...]}", or another port';
  return { code: "plan/listen-conflict", message, path: claim.path, hint };
}

function describe(route: RouteResource | undefined): string {
  if (route === undefined) return "another route";
  return `route "${route.name}" (${route.origin.file}:${route.origin.locate(["listen"]).line})`;
}

/** Whether the kernel would refuse to bind both: one of them stands for the other's address among others. */
function overlaps(a: Claim, b: Claim): boolean {
  if (a.host === undefined || b.host === undefined) return true;
  return (a.host === ALL_IPV4 && !b.host.includes(":")) || (b.host === ALL_IPV4 && !a.host.includes(":"));
}
