// Tells a shortage of descriptors from a backend that refuses: the runtime reports both as ECONNREFUSED (issue
// oven-sh/bun#36140).

import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

/** EMFILE: of this process. ENFILE: of the machine. */
const SHORTAGES: ReadonlySet<unknown> = new Set(["EMFILE", "ENFILE"]);

/** Opens a descriptor and closes it again: two system calls, so ask only after a failure. */
export function descriptorsExhausted(): boolean {
  try {
    closeSync(openSync(devNull, "r"));
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && SHORTAGES.has(error.code);
  }
}
