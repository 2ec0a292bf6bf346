// How many connections fit below the descriptor limit. At the limit itself accept fails for ever while the event loop
// spins, and a dial looks like a refusing backend (ARCHITECTURE.md), so the limit must never be reached. What else holds descriptors
// in numbers is bounded or counted here: checks, and dials beside those that connections have.

import type { Log } from "../../observe/log.ts";
import type { EngineCounters } from "../counters.ts";
import type { Services } from "../services.ts";

/** A target that never answers must not use up what the others need. */
const ABANDONED_SHARE = 0.25;

/** Descriptors kept for everything that is not a connection: files, the database, the admin port, DNS, the runtime. */
const RESERVED_DESCRIPTORS = 128;

/** Client and backend. */
const DESCRIPTORS_PER_CONNECTION = 2;

/** Where the descriptor limit is not known: below what any system allows by default once raised (macOS: 10,240). */
const UNKNOWN_LIMIT_CONNECTIONS = 4_000;

/** Checks may take one of so many descriptors: the slots of those that hang must not be missed by clients. */
const DESCRIPTORS_PER_CHECK = 16;

/** Few enough for any process that serves at all, and enough to get on when some backends hang. */
const LEAST_CHECKS = 16;

/** Live connections that `descriptors` allow beside `listeners` bound ports; at least 1, so that something works. */
export function connectionLimit(descriptors: number | undefined, listeners: number): number {
  if (descriptors === undefined) return UNKNOWN_LIMIT_CONNECTIONS;
  const free = descriptors - listeners - RESERVED_DESCRIPTORS;
  return Math.max(1, Math.floor(free / DESCRIPTORS_PER_CONNECTION));
}

/**
 * Checks that may hold a descriptor at once below a limit of `descriptors`; one more waits. Never more than `connections`,
 * which is what `connectionLimit` said: half of all connections are left to clients however few there are.
 */
export function checksAtOnce(descriptors: number | undefined, connections: number): number {
  const limit = descriptors ?? UNKNOWN_LIMIT_CONNECTIONS * DESCRIPTORS_PER_CONNECTION;
  return Math.min(connections, Math.max(LEAST_CHECKS, Math.floor(limit / DESCRIPTORS_PER_CHECK)));
}

/**
 * What is in use, in connections: `live` ones, those that are being received, which will be, and half a one for whatever
 * else holds one descriptor.
 */
export function connectionsInUse(
  live: number,
  { abandonedDials, besideDials, greeting }: Pick<EngineCounters, "abandonedDials" | "besideDials" | "greeting">,
  checkSockets: number,
): number {
  return live + greeting + (abandonedDials + besideDials + checkSockets) / DESCRIPTORS_PER_CONNECTION;
}

/** How many more connections there are descriptors for, with what is in use now; 0 or less: none. */
export function room({
  connections,
  counters,
  monitor,
}: Pick<Services, "connections" | "counters" | "monitor">): number {
  return counters.connectionLimit - connectionsInUse(connections.size, counters, monitor.sockets);
}

/** How many dials to one target may be left that were given up and cannot be cancelled, of this limit of connections. */
export function abandonedLimit(connectionLimit: number): number {
  return connectionLimit * ABANDONED_SHARE;
}

/** Fewer connections than this are a surprise on a server: the usual hard limits allow many times as many. */
const FEW_CONNECTIONS = 4_000;

/** Warns of a limit that is a surprise, and says what to do. */
export function tellOfFew(log: Log, limit: number, descriptors: number): void {
  if (limit >= FEW_CONNECTIONS) return;
  const advice = "raise the limit with `ulimit -n`, LimitNOFILE= (systemd) or --ulimit nofile= (containers)";
  const message = `At most ${limit} connections fit below the limit of ${descriptors} descriptors: ${advice}`;
  log.write("warn", "descriptors-low", message, { limit, descriptors });
}
