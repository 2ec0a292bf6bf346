// Numbers of the whole engine that the data path changes and the admin port reads.

import { CLOSE_REASONS, type CloseReason } from "../socket/close-reason.ts";

/** Plain numbers that the data path changes and the admin port reads. */
export interface EngineCounters {
  /** Accepted since start; also the last connection's id. */
  accepted: number;
  /** Ended before they belonged to a route, by reason: no route wanted them, or what they said first was wrong. */
  readonly unrouted: Map<CloseReason, number>;
  /** Clients whose hello is being read: each holds a descriptor, and is no connection yet. */
  greeting: number;
  /** Dials that were given up but that the runtime cannot cancel: each still holds a descriptor. */
  abandonedDials: number;
  /** Dials to another address family beside a client's first one: each holds a descriptor more than its connection. */
  besideDials: number;
  /** Live connections at most; each holds up to two descriptors. */
  connectionLimit: number;
  /** When a client was last refused for `connectionLimit` and a warning said so; monotonic milliseconds. */
  fullWarnedMs: number;
  /** When a warning said that a dial failed for want of descriptors or ports; monotonic milliseconds. */
  shortageWarnedMs: number;
}

/** As they are at start; the connection limit is not known yet. */
export function newCounters(): EngineCounters {
  return {
    accepted: 0,
    unrouted: new Map(),
    greeting: 0,
    abandonedDials: 0,
    besideDials: 0,
    connectionLimit: 0,
    fullWarnedMs: Number.NEGATIVE_INFINITY,
    shortageWarnedMs: Number.NEGATIVE_INFINITY,
  };
}

/** Counts one end by its reason. */
export function countReason(counts: Map<CloseReason, number>, reason: CloseReason): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}

/** Those that occurred, in the order of `CLOSE_REASONS`. */
export function reasonCounts(counts: ReadonlyMap<CloseReason, number>): Partial<Record<CloseReason, number>> {
  const found: Partial<Record<CloseReason, number>> = {};
  for (const reason of CLOSE_REASONS) {
    const count = counts.get(reason);
    if (count !== undefined) found[reason] = count;
  }
  return found;
}
