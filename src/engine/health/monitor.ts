// Active checks of everything that anybody wants checked: one loop per address and kind of check, however many routes use
// it. Whoever watches hears of changes and can look at any time. Decides nothing about where connections go.

import { isDeepStrictEqual } from "node:util";
import type { Log } from "../../observe/log.ts";
import type { Runtime, SocketAddress } from "../../runtime/runtime.ts";
import { makeReady, type TargetHealthSpec } from "./approach.ts";
import { CheckSlots } from "./check-slots.ts";
import { addressText, type HealthState, ProbeLoop } from "./probe-loop.ts";
import { CheckContexts } from "./tls-client.ts";

/** Between the first checks of targets that appear together, in milliseconds: ten thousand at once would be a flood. */
const STAGGER_MS = 1;

/** One target's interest in the health of its address. */
export interface HealthWatch {
  /** What is known now. */
  readonly state: HealthState;
  /** The last one to close ends the checks. Open the new watch before closing the old one, and a reload loses nothing. */
  close(): void;
}

interface Shared {
  readonly spec: TargetHealthSpec;
  readonly loop: ProbeLoop;
  readonly watches: Map<HealthWatch, (state: HealthState) => void>;
}

export class HealthMonitor {
  readonly #runtime: Pick<Runtime, "descriptorsExhausted">;
  readonly #log: Log;
  /** By address that is asked; usually one each. */
  readonly #shared = new Map<string, Shared[]>();
  readonly #slots = new CheckSlots();
  readonly #contexts = new CheckContexts();
  /** When the first check of the next loop may begin; monotonic milliseconds. */
  #freeMs = 0;

  constructor(runtime: Pick<Runtime, "descriptorsExhausted">, log: Log) {
    this.#runtime = runtime;
    this.#log = log;
  }

  /** Checks that hold a descriptor now: those that wait for an answer, and those that wait for the backend's FIN. */
  get sockets(): number {
    return this.#slots.used;
  }

  /** Lets `sockets` checks hold a descriptor at once, at least 1; the others wait, first come, first served. */
  limitSockets(sockets: number): void {
    this.#slots.resize(sockets);
  }

  /** Keeps `address` checked until closed. `changed` hears every new status from now on, never before this returned. */
  watch(address: SocketAddress, spec: TargetHealthSpec, changed: (state: HealthState) => void): HealthWatch {
    const { port, ...rest } = spec;
    const asked = "unix" in address || port === undefined ? address : { host: address.host, port };
    const key = addressText(asked);
    const shared =
      this.#shared.get(key)?.find((each) => isDeepStrictEqual(each.spec, rest)) ?? this.#begin(asked, rest);
    const watch: HealthWatch = {
      get state() {
        return shared.loop.state;
      },
      close: () => this.#leave(key, shared, watch),
    };
    shared.watches.set(watch, changed);
    return watch;
  }

  /** Ends every check; nothing is told any more. */
  close(): void {
    this.#slots.close(); // Or each check that ends would begin another one.
    for (const all of this.#shared.values()) {
      for (const { loop, watches } of all) {
        watches.clear();
        loop.close();
      }
    }
    this.#shared.clear();
  }

  #begin(address: SocketAddress, spec: TargetHealthSpec): Shared {
    const watches: Shared["watches"] = new Map();
    const nowMs = performance.now();
    const delayMs = Math.max(0, this.#freeMs - nowMs);
    this.#freeMs = nowMs + delayMs + STAGGER_MS;
    const approach = makeReady(spec.approach ?? {}, this.#contexts);
    const loop = new ProbeLoop(address, spec, approach, delayMs, this.#runtime, this.#slots, this.#log, (state) => {
      // A copy: whoever hears of it may close watches, and those hear nothing more.
      for (const [watch, changed] of Array.from(watches)) if (watches.has(watch)) changed(state);
    });
    const shared = { spec, loop, watches };
    const key = addressText(address);
    this.#shared.set(key, [...(this.#shared.get(key) ?? []), shared]);
    return shared;
  }

  #leave(key: string, shared: Shared, watch: HealthWatch): void {
    if (!shared.watches.delete(watch) || shared.watches.size > 0) return;
    shared.loop.close();
    const others = this.#shared.get(key)?.filter((each) => each !== shared) ?? [];
    if (others.length === 0) this.#shared.delete(key);
    else this.#shared.set(key, others);
  }
}
