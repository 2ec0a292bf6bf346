// Whether a route takes one more connection: live connections and new ones per second, of each source and of the route.
// Counts are in a table that workers share; this file makes the keys and knows in which order they are asked.

import type { Ip } from "../../base/ip.ts";
import { KeyedHash } from "../../base/keyed-hash.ts";
import type { PerSourceSpec, RouteLimits } from "../../resource/limits.ts";
import type { CounterTable } from "./counter-table.ts";

/** From `admit`: the route, or the source, has as many live connections as it may, or there is nowhere left to count them. */
export const ROUTE_FULL = -1;
export const SOURCE_FULL = -2;
/** From `admit`: too many new connections a second, of the route or of the source. */
export const ROUTE_TOO_FAST = -3;
export const SOURCE_TOO_FAST = -4;

/** A ticket has two slot numbers, and both fit the integers of a double. */
const TICKET_BASE = 2 ** 26;
/** In place of a slot number: nothing is counted there. */
const NOTHING = TICKET_BASE - 1;

/** First word of a key, so that no source is ever taken for a route or for one of the other family. */
const KEY_ROUTE = 1;
const KEY_UNKNOWN = 2;
const KEY_V4 = 4;
const KEY_V6 = 6;

/** What is limited of a source and of a route alike. */
type Counted = Pick<RouteLimits, "connections" | "rate">;

/** Slots for each connection there may be at once: at most a quarter full, a key always finds a place. */
const SLOTS_PER_CONNECTION = 4;
const MIN_SLOTS = 4_096;
const MAX_SLOTS = 1_048_576;

/** Slots of the counter table of a gateway that has at most so many connections. Memory never touched costs nothing. */
export function tableSlots(connectionLimit: number): number {
  const wanted = Math.min(Math.max(connectionLimit * SLOTS_PER_CONNECTION, MIN_SLOTS), MAX_SLOTS);
  return 2 ** Math.ceil(Math.log2(wanted));
}

/** Whether a route with these limits needs an Admission; one without pays nothing. */
export function needsAdmission({ connections, rate, perSource }: RouteLimits): boolean {
  return connections > 0 || rate !== undefined || (perSource !== undefined && limitsSource(perSource));
}

/** The gate of one route. Costs two look-ups in the table at most, and allocates nothing that stays. */
export class Admission {
  readonly #limits: RouteLimits;
  readonly #perSource: PerSourceSpec | undefined;
  readonly #table: CounterTable;
  /** Keyed by the gateway's seed and the route's name. */
  readonly #hash: KeyedHash;
  /** The key of all of the route's connections. */
  readonly #routeHigh: number;
  readonly #routeLow: number;

  /**
   * `seed` is a random integer from 0 to 2^53 - 1, the same in all workers: without it strangers could choose addresses
   * whose keys share slots. Counts belong to the name: another Admission of the same route goes on with them.
   */
  constructor(route: string, limits: RouteLimits, table: CounterTable, seed: number) {
    const hash = new KeyedHash(seed % 2 ** 32, Math.floor(seed / 2 ** 32));
    hash.start();
    hash.addText(route);
    hash.finish();
    this.#hash = new KeyedHash(hash.high, hash.low);
    this.#hash.start();
    this.#hash.add(KEY_ROUTE);
    this.#hash.finish();
    this.#routeHigh = this.#hash.high;
    this.#routeLow = this.#hash.low;
    this.#limits = limits;
    this.#perSource = limits.perSource !== undefined && limitsSource(limits.perSource) ? limits.perSource : undefined;
    this.#table = table;
  }

  /**
   * Takes a connection in: a ticket for `leave`, or one of the refusals above, which are below 0. Without an
   * `ip` it comes from one source, unknown. `nowMicros` is `(performance.timeOrigin + performance.now()) * 1000`, which
   * workers share. The source is asked first: what one floods is not taken from the tokens of the others.
   */
  admit(ip: Ip | undefined, nowMicros: number): number {
    const { connections, rate } = this.#limits;
    const perSource = this.#perSource;
    let source = NOTHING;
    if (perSource !== undefined) {
      this.#hashSource(ip, perSource.ipv6Prefix);
      source = this.#enter(this.#hash.high, this.#hash.low, perSource, nowMicros, SOURCE_FULL, SOURCE_TOO_FAST);
      if (source < 0) return source;
    }
    let route = NOTHING;
    if (connections > 0 || rate !== undefined) {
      route = this.#enter(this.#routeHigh, this.#routeLow, this.#limits, nowMicros, ROUTE_FULL, ROUTE_TOO_FAST);
      if (route < 0) {
        if (source !== NOTHING) this.#table.leave(source);
        return route;
      }
    }
    return source * TICKET_BASE + route;
  }

  /** Gives back what `admit` took; once for each ticket. Tokens are spent. */
  leave(ticket: number): void {
    const source = Math.floor(ticket / TICKET_BASE);
    const route = ticket % TICKET_BASE;
    if (source !== NOTHING) this.#table.leave(source);
    if (route !== NOTHING) this.#table.leave(route);
  }

  /** Counts one more under a key: its slot, or why not. */
  #enter(
    high: number,
    low: number,
    { connections, rate }: Counted,
    nowMicros: number,
    full: number,
    tooFast: number,
  ): number {
    // 0, 0 is no key; what shares another's by this has the odds of any collision.
    const slot = this.#table.enter(high, high === 0 && low === 0 ? 1 : low, connections, nowMicros);
    if (slot < 0) return full;
    if (rate === undefined || this.#table.takeToken(slot, rate, nowMicros)) return slot;
    this.#table.leave(slot);
    return tooFast;
  }

  #hashSource(ip: Ip | undefined, ipv6Prefix: number): void {
    const hash = this.#hash;
    hash.start();
    if (ip === undefined) {
      hash.add(KEY_UNKNOWN);
    } else if (typeof ip === "number") {
      hash.add(KEY_V4);
      hash.add(ip);
    } else {
      hash.add(KEY_V6);
      for (let word = 0; word * 32 < ipv6Prefix; word++) {
        const beyond = Math.max(0, word * 32 + 32 - ipv6Prefix);
        hash.add((ip[word] ?? 0) & (-1 << beyond));
      }
    }
    hash.finish();
  }
}

function limitsSource({ connections, rate }: PerSourceSpec): boolean {
  return connections > 0 || rate !== undefined;
}
