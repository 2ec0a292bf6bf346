// How many descriptors this process may have open. The global connection cap must lie below it: at the limit `accept`
// fails for ever and the event loop spins (ARCHITECTURE.md), and a dial fails in a way that looks like a dead backend.

import { readFileSync } from "node:fs";

/** The limits in force for the process that reads it; Linux only. */
const LIMITS_FILE = "/proc/self/limits";

/**
 * The soft limit on open descriptors in force now, or `undefined` where it cannot be known (not Linux) or there is none.
 * Bun raises the soft limit to the hard one at start, so what `ulimit -n` said in the shell is not it.
 */
export function descriptorLimit(): number | undefined {
  let text: string;
  try {
    text = readFileSync(LIMITS_FILE, "latin1");
  } catch {
    return undefined; // No such file: not Linux, or /proc is not mounted.
  }
  return parseDescriptorLimit(text);
}

/** Finds the soft limit on open files in the text of `/proc/PID/limits`; `undefined` when it is missing or `unlimited`. */
export function parseDescriptorLimit(limits: string): number | undefined {
  const soft = /^Max open files +(\d+) /m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}
