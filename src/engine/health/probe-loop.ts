// Checks one address again and again, and knows what follows: up or down. One check at a time, each wanting a slot an interval
// after the one before began. Says so in the log when the backend goes down and when it comes back, once each.

import { formatHostPort } from "../../base/address.ts";
import type { Log } from "../../observe/log.ts";
import type { HealthSpec } from "../../resource/health.ts";
import type { Runtime, SocketAddress } from "../../runtime/runtime.ts";
import type { ReadyApproach } from "./approach.ts";
import { type CheckOutcome, type CheckOwner, type RunningCheck, runCheck } from "./check.ts";
import type { CheckSlots, SlotUser } from "./check-slots.ts";
import { type HealthStatus, RiseFall } from "./rise-fall.ts";

/** What checks found out about one address. */
export interface HealthState {
  readonly status: HealthStatus;
  /** Why the last check failed; absent after a good one. */
  readonly error?: string;
  /** Good checks in a row of one that is still down. */
  readonly rising?: number;
  /** Checks that said something about the backend, and how many of them were bad. */
  readonly checks: number;
  readonly failures: number;
  /** When the last of them ended. */
  readonly lastAt?: Date;
  /** Since when it has this status; absent while that is unknown. */
  readonly since?: Date;
}

export class ProbeLoop implements SlotUser, CheckOwner {
  readonly #address: SocketAddress;
  readonly #spec: HealthSpec;
  readonly #approach: ReadyApproach;
  readonly #runtime: Pick<Runtime, "descriptorsExhausted">;
  readonly #slots: CheckSlots;
  readonly #log: Log;
  readonly #changed: (state: HealthState) => void;
  readonly #riseFall: RiseFall;
  #state: HealthState = { status: "unknown", checks: 0, failures: 0 };
  #check: RunningCheck | null = null;
  /** When the next check is due: counted from when the last one had a slot, so that a long line slows all alike. */
  #nextMs = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #closed = false;

  /** Checks after `delayMs`, and from then on until closed, in `slots`. `changed` hears every new status. */
  constructor(
    address: SocketAddress,
    spec: HealthSpec,
    approach: ReadyApproach,
    delayMs: number,
    runtime: Pick<Runtime, "descriptorsExhausted">,
    slots: CheckSlots,
    log: Log,
    changed: (state: HealthState) => void,
  ) {
    this.#address = address;
    this.#spec = spec;
    this.#approach = approach;
    this.#runtime = runtime;
    this.#slots = slots;
    this.#log = log;
    this.#changed = changed;
    this.#riseFall = new RiseFall(spec.rise, spec.fall);
    if (delayMs <= 0) this.#begin();
    else this.#beginIn(delayMs);
  }

  get state(): HealthState {
    return this.#state;
  }

  /** Leaves neither a timer, a socket nor a place in the line. */
  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#check?.cancel();
    this.#slots.free(this);
  }

  #begin(): void {
    // The one before may still be waiting for the backend's FIN.
    this.#check?.cancel();
    this.#slots.ask(this);
  }

  turn(): void {
    const { intervalMs, jitterMs, timeoutMs, check } = this.#spec;
    this.#nextMs = performance.now() + intervalMs + Math.random() * jitterMs;
    this.#check = runCheck(this.#address, check, timeoutMs, this.#runtime, this, this.#approach);
  }

  giveWay(): void {
    this.#check?.cancel();
  }

  judged(outcome: CheckOutcome): void {
    this.#take(outcome);
    if (this.#closed) return; // By whoever heard of the new status.
    this.#slots.yield(this);
    this.#beginIn(Math.max(0, this.#nextMs - performance.now()));
  }

  gone(): void {
    this.#slots.free(this);
  }

  #beginIn(delayMs: number): void {
    this.#timer = setTimeout(() => this.#begin(), delayMs);
    this.#timer.unref();
  }

  #take(outcome: CheckOutcome): void {
    if (outcome === "shortage") return;
    const { status: before, checks, failures, since } = this.#state;
    const now = new Date();
    const bad = outcome === "good" ? undefined : outcome.bad;
    const turned = this.#riseFall.record(bad === undefined);
    const began = turned === undefined ? since : now;
    this.#state = {
      status: this.#riseFall.status,
      ...(bad === undefined ? {} : { error: bad }),
      ...(this.#riseFall.status === "down" && bad === undefined ? { rising: this.#riseFall.against } : {}),
      checks: checks + 1,
      failures: bad === undefined ? failures : failures + 1,
      lastAt: now,
      ...(began === undefined ? {} : { since: began }),
    };
    if (turned === undefined) return;
    this.#tell(before, bad);
    this.#changed(this.#state);
  }

  #tell(before: HealthStatus, reason: string | undefined): void {
    const backend = addressText(this.#address);
    const check = this.#spec.check.kind;
    if (reason !== undefined) {
      this.#log.write("warn", "backend-down", `Backend "${backend}" is down: ${reason}`, { backend, check, reason });
    } else if (before === "down") {
      this.#log.write("info", "backend-up", `Backend "${backend}" is up again`, { backend, check });
    }
  }
}

/** An address as people write it. */
export function addressText(address: SocketAddress): string {
  return "unix" in address ? `unix:${address.unix}` : formatHostPort(address.host, address.port);
}
