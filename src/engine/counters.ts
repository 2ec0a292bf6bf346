// Numbers of the whole engine that the data path changes and the admin port reads.

/** Plain numbers that the data path changes and the admin port reads. */
export interface EngineCounters {
  /** Accepted since start; also the last connection's id. */
  accepted: number;
  /** Refused with `no-route`: no route wanted their source. */
  unrouted: number;
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
