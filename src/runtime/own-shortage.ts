// Tells from its error that a dial failed because of what this machine lacks. What an error does not tell (the runtime's own
// sockets report a want of descriptors as a refusal) is asked in descriptors-exhausted.ts.

import { errorCode } from "./error-code.ts";

/** No descriptor, memory, local port or local address for a dial: not the doing of whoever was dialled. */
const OWN_SHORTAGES: ReadonlySet<string | undefined> = new Set([
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "EADDRNOTAVAIL",
]);

/** Whether a dial that failed with `error` failed because of what this machine lacks. */
export function isOwnShortage(error: unknown): boolean {
  return OWN_SHORTAGES.has(errorCode(error));
}
