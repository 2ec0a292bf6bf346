// Who gets which address and port. Two routes can share one only when their matches keep them apart (`clashes.ts`) and they
// read the same of every client (`holders.ts`). What is running keeps its address; among newcomers the first one gets it.

import type { Credentials } from "../resource/credentials.ts";
import type { RouteResource } from "../resource/route.ts";
import { ALL_IPV4, type Claim, type Claimant } from "./claim.ts";
import { Clashes, Matches } from "./clashes.ts";
import { isClosed } from "./closed.ts";
import type { Finding, Findings } from "./findings.ts";
import { Holders, Preambles } from "./holders.ts";
import type { ListenerPlan, Plan } from "./plan.ts";
import { refuseAlone, refuseClash, refuseOverlap, refuseProtocol, refuseProxy, refuseSelf } from "./refusal.ts";

/**
 * Those who get all they claim. The others are told why not, each once, at the first claim that fails; but for claims that
 * come closed already, for which there are reasons that were told.
 */
export function settleClaims(
  claimants: readonly Claimant[],
  credentials: Credentials,
  previous: Plan | undefined,
  findings: Findings,
): ReadonlySet<RouteResource> {
  if (claimants.length === 0) return new Set();
  const matches = new Matches(
    claimants.map(({ route }) => route),
    credentials,
  );
  const board = new Board(matches, previous);
  const winners = new Set<RouteResource>();
  for (const claimant of board.reserve(claimants)) {
    const refusal = board.take(claimant);
    if (refusal === undefined) {
      winners.add(claimant.route);
      continue;
    }
    if (!isClosed(claimant.route)) findings.refuse(claimant.route, refusal);
  }
  return winners;
}

/** A taken address and the routes that share it. */
interface Taken {
  readonly claim: Claim;
  readonly holders: Holders;
}

/** The addresses that are taken so far, and those that running routes will want. */
class Board {
  readonly #matches: Matches;
  readonly #preambles = new Preambles();
  /** Listener name → the listener as it runs. */
  readonly #running: ReadonlyMap<string, ListenerPlan>;
  /** Listener name → its routes, of those that were asked for. */
  readonly #holders = new Map<string, ReadonlySet<string>>();
  /** Routes that run and do more than to refuse everybody. */
  readonly #open: ReadonlySet<string>;
  readonly #files: ReadonlyMap<string, string>;
  /** Port → listener name → who has it. */
  readonly #taken = new Map<number, Map<string, Taken>>();
  /** Listener name → routes that have it now, want it again and did not have their turn yet. */
  readonly #reserved = new Map<string, Holders>();

  constructor(matches: Matches, previous: Plan | undefined) {
    this.#matches = matches;
    this.#files = new Map(previous?.routes.map(({ name, file }) => [name, file]));
    // To refuse everybody on an address is not to have it.
    this.#open = new Set(previous?.routes.flatMap((route) => (isClosed(route) ? [] : [route.name])));
    this.#running = new Map(previous?.listeners.map((listener) => [listener.name, listener]));
  }

  /**
   * Routes that only keep what they have, then those that want more besides, then new ones, and last those that would only
   * refuse everybody; each in their given order.
   */
  reserve(claimants: readonly Claimant[]): readonly Claimant[] {
    const ranked = claimants.map((claimant) => {
      const { route, claims } = claimant;
      if (isClosed(route)) return { claimant, rank: 3 };
      const same = this.#files.get(route.name) === route.origin.file;
      const kept = same && this.#open.has(route.name) ? claims.filter(({ name }) => this.#has(name, route.name)) : [];
      for (const { name } of kept) {
        const reserved = this.#reserved.get(name) ?? new Holders(this.#preambles);
        this.#reserved.set(name, reserved);
        reserved.add(route);
      }
      return { claimant, rank: kept.length === claims.length ? 0 : kept.length > 0 ? 1 : 2 };
    });
    return ranked.toSorted((a, b) => a.rank - b.rank).map(({ claimant }) => claimant);
  }

  /** Whether a route has a listener now. */
  #has(listener: string, route: string): boolean {
    const known = this.#holders.get(listener);
    if (known !== undefined) return known.has(route);
    const found = new Set(this.#running.get(listener)?.entries.map((entry) => entry.route));
    this.#holders.set(listener, found);
    return found.has(route);
  }

  /** Gives a route all that it claims, or nothing, and then says why. */
  take({ route, claims }: Claimant): Finding | undefined {
    const clashes = new Clashes(this.#matches, route);
    const added: Claim[] = [];
    let refusal: Finding | undefined;
    for (const claim of claims) {
      this.#reserved.get(claim.name)?.delete(route);
      if (refusal !== undefined || claim.port === 0) continue;
      refusal = this.#refusal(route, claim, clashes);
      if (refusal !== undefined) continue;
      const onPort = this.#taken.get(claim.port) ?? new Map<string, Taken>();
      this.#taken.set(claim.port, onPort);
      const taken = onPort.get(claim.name) ?? { claim, holders: new Holders(this.#preambles) };
      onPort.set(claim.name, taken);
      taken.holders.add(route);
      added.push(claim);
    }
    if (refusal !== undefined) for (const claim of added) this.#release(route, claim);
    return refusal;
  }

  #release(route: RouteResource, claim: Claim): void {
    const onPort = this.#taken.get(claim.port);
    const holders = onPort?.get(claim.name)?.holders;
    holders?.delete(route);
    if (holders?.routes.size === 0) onPort?.delete(claim.name);
  }

  #refusal(route: RouteResource, claim: Claim, clashes: Clashes): Finding | undefined {
    for (const { claim: taken, holders } of this.#taken.get(claim.port)?.values() ?? []) {
      const same = taken.name === claim.name;
      if (!same && !overlaps(taken, claim)) continue;
      if (holders.routes.has(route)) return refuseSelf(claim, taken);
      const [first] = holders.routes;
      if (!same) return refuseOverlap(claim, taken, first);
      const refusal = refuseBeside(route, claim, holders, clashes);
      if (refusal !== undefined) return refusal;
    }
    const reserved = this.#reserved.get(claim.name);
    return reserved === undefined ? undefined : refuseBeside(route, claim, reserved, clashes);
  }
}

/** Why a route cannot share an address with those that have it, or `undefined`. */
function refuseBeside(route: RouteResource, claim: Claim, holders: Holders, clashes: Clashes): Finding | undefined {
  const unsharing = holders.findUnsharing(route);
  if (unsharing !== undefined) return refuseAlone(claim, unsharing);
  const clash = clashes.find(holders.routes);
  if (clash !== undefined) return refuseClash(route, claim, clash);
  const other = holders.findDiffering(route);
  if (other === undefined) return undefined;
  return other.protocol === route.protocol ? refuseProxy(route, claim, other) : refuseProtocol(route, claim, other);
}

/** Whether the kernel would refuse to bind both: one of them stands for the other's address among others. */
function overlaps(a: Claim, b: Claim): boolean {
  if (a.host === undefined || b.host === undefined) return true;
  return (a.host === ALL_IPV4 && !b.host.includes(":")) || (b.host === ALL_IPV4 && !a.host.includes(":"));
}
