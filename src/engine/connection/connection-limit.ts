// How many connections fit below the descriptor limit. At the limit itself accept fails for ever while the event loop
// spins, and a dial looks like a refusing backend (bun.md 1.8), so the limit must never be reached.

/** Descriptors kept for everything that is not a connection: files, the database, the admin port, DNS, the runtime. */
const RESERVED_DESCRIPTORS = 128;

/** Client and backend. */
const DESCRIPTORS_PER_CONNECTION = 2;

/** Where the descriptor limit is not known: below what any system allows by default once raised (macOS: 10,240). */
const UNKNOWN_LIMIT_CONNECTIONS = 4_000;

/** Live connections that `descriptors` allow beside `listeners` bound ports; at least 1, so that something works. */
export function connectionLimit(descriptors: number | undefined, listeners: number): number {
  if (descriptors === undefined) return UNKNOWN_LIMIT_CONNECTIONS;
  const free = descriptors - listeners - RESERVED_DESCRIPTORS;
  return Math.max(1, Math.floor(free / DESCRIPTORS_PER_CONNECTION));
}
