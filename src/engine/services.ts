// What every connection of an engine shares, and what the engine knows of each. Interfaces only: they keep the files of a
// connection's phases from importing each other.

import type { TimerWheel } from "../base/timer-wheel.ts";
import type { GeoLookup } from "../cel/geo.ts";
import type { Log } from "../observe/log.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CloseReason } from "../socket/close-reason.ts";
import type { DirectReader } from "../socket/direct-reader.ts";
import type { Pipe } from "../socket/pipe.ts";
import type { EngineCounters } from "./counters.ts";
import type { HealthMonitor } from "./health/monitor.ts";
import type { Internals } from "./internals.ts";
import type { Refusal } from "./limit/refusal.ts";
import type { Route } from "./route.ts";
import type { ConnectionSnapshot } from "./snapshot.ts";
import type { Target } from "./pool/target.ts";

export interface Services {
  readonly runtime: Runtime;
  readonly log: Log;
  /** Random text, another one after every start: with it a connection's number means one connection only. */
  readonly instance: string;
  readonly wheel: TimerWheel;
  readonly reader: DirectReader | null;
  /** Live connections by id, in the order they were accepted. */
  readonly connections: Map<number, LiveConnection>;
  /** Clients whose route is not known yet, in the order they were accepted. */
  readonly receptions: Set<Receiving>;
  readonly counters: EngineCounters;
  readonly monitor: HealthMonitor;
  readonly internals: Internals;
  /** For expressions of policies; `null`: nothing knows where addresses are. */
  readonly geo: GeoLookup | null;
}

/** A client that is being received. */
export interface Receiving {
  abort(refusal: Refusal): void;
}

/** A connection from accept to the last close. */
export interface LiveConnection {
  readonly id: number;
  readonly route: Route;
  readonly pipe: Pipe;
  /** The target that it is connected to. */
  readonly target: Target | null;
  /** The client's address alone, for matching. */
  readonly clientHost: string;
  /** The TLS name that it asked for, as `parseHostname` writes it; absent where none was read. */
  readonly sni?: string | undefined;
  /** Resets both sides. */
  abort(reason: CloseReason): void;
  snapshot(): ConnectionSnapshot;
}
