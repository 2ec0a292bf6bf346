// What is known about one name while somebody watches it, and when it is due again. It asks nobody and logs nothing.

import { type HostAddresses, type NameQuery, queryText, type ResolvedAddress } from "./name-query.ts";

/** After the first failure; doubles with each further one, up to the second. */
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 30_000;
/** Lifetimes are believed between these: 0 would be a flood, and a day too long to wait for a move nobody announced. */
const LEAST_TTL_MS = 1_000;
const MOST_TTL_MS = 300_000;

/**
 * Hears the first answer, good or bad, and then what is news: other addresses, the first failure after a good answer, and
 * the end of an outage.
 */
export type NameListener = (answer: readonly ResolvedAddress[] | Error) => void;

/** What one watcher wants. */
export interface NameInterest {
  /** How often to ask where the answer does not say. */
  readonly intervalMs: number;
  readonly changed: NameListener;
}

/** One name, shared by all who watch it. */
export class Name {
  readonly query: NameQuery;
  readonly text: string;
  readonly interests = new Set<NameInterest>();
  /** The last good answer. */
  addresses: readonly ResolvedAddress[] = [];
  /** What it said of the hosts of a service. */
  hosts: HostAddresses | undefined;
  /** Of several names the one that it was about. */
  of: string | undefined;
  /** Why the last look-up failed. */
  error: Error | undefined;
  answered = false;
  /** Look-ups that failed since the last good answer. */
  failures = 0;
  /** Lifetime of the last good answer, where it is known. */
  ttlMs: number | undefined;
  /** The warning about too many addresses was written. */
  overfull = false;
  /** Takes back the next look-up; `null` while one is under way or waits for its turn. */
  cancel: (() => void) | null = null;

  constructor(query: NameQuery) {
    this.query = query;
    this.text = queryText(query);
  }

  /** The shortest that anybody wants, in milliseconds. */
  get intervalMs(): number {
    let shortest = Number.POSITIVE_INFINITY;
    for (const { intervalMs } of this.interests) shortest = Math.min(shortest, intervalMs);
    return shortest;
  }

  /**
   * From the last answer to the next look-up, in milliseconds. SRV records do not tell their own lifetime, and of several names
   * an earlier one may come to be.
   */
  get waitMs(): number {
    const { query, failures, ttlMs, intervalMs } = this;
    if (failures > 0) return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
    if (ttlMs === undefined) return intervalMs;
    const heldMs = Math.min(MOST_TTL_MS, Math.max(LEAST_TTL_MS, ttlMs));
    return "srv" in query || query.orElse !== undefined ? Math.min(heldMs, intervalMs) : heldMs;
  }

  /** Tells everybody. A listener may close watches, and open others, meanwhile. */
  tell(answer: readonly ResolvedAddress[] | Error): void {
    const listeners = Array.from(this.interests, ({ changed }) => changed);
    for (const changed of listeners) changed(answer);
  }
}
