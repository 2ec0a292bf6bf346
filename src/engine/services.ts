// What every connection of an engine shares. Handed down from the engine, never imported as a value.

import type { TimerWheel } from "../base/timer-wheel.ts";
import type { Log } from "../observe/log.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Connection } from "./connection.ts";

export interface Services {
  readonly runtime: Runtime;
  readonly log: Log;
  readonly wheel: TimerWheel;
  /** Live connections by id, in the order they were accepted. */
  readonly connections: Map<number, Connection>;
  readonly counters: EngineCounters;
}

/** Plain numbers that the data path changes and the admin port reads. */
export interface EngineCounters {
  /** Accepted since start; also the last connection's id. */
  accepted: number;
  /** Refused with `no-route`: no route wanted their source. */
  unrouted: number;
  /** Dials that were given up but that the runtime cannot cancel: each still holds a descriptor. */
  abandonedDials: number;
  /** Live connections at most; each holds up to two descriptors. */
  connectionLimit: number;
  /** When a client was last refused for `connectionLimit` and a warning said so; monotonic milliseconds. */
  fullWarnedMs: number;
}
