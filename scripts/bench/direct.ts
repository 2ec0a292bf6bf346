// The path without a proxy: what the machine and the load process can do at most.

import type { Subject } from "./subject.ts";

/** The direct path. */
export const direct: Subject = { key: "direct", name: "direct, no proxy" };
