// One target of a pool as it runs: the addresses its name has now, what is connected to it, and how it answered last.
// Its identity is its address as written, so that counters and state survive a reload that changes something else.

import type { Weighted } from "./balance.ts";
import type { BackendSnapshot } from "./snapshot.ts";
import type { TargetPlan } from "../plan/plan.ts";
import type { SocketAddress } from "../runtime/runtime.ts";

/** A backend that keeps failing is reported once per interval, in milliseconds, or a flood of clients fills the log. */
const WARN_INTERVAL_MS = 10_000;

export class Target implements Weighted {
  plan: TargetPlan;
  credit = 0;
  /** IPs, in the order the resolver gave; for a unix socket its path. Empty while the name is not resolved. */
  addresses: readonly string[];
  /** Why the last dial or resolution failed; `undefined` after a success. */
  lastError: string | undefined;
  connectionsActive = 0;
  connectionsTotal = 0;
  dialFailures = 0;
  /** Dials that were given up and have not settled. */
  abandonedDials = 0;

  #rotation = 0;
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(plan: TargetPlan, addresses: readonly string[]) {
    this.plan = plan;
    this.addresses = addresses;
  }

  get weight(): number {
    return this.plan.weight;
  }

  /** The address whose turn it is among those that `tried` does not hold; `undefined` when all were tried. */
  nextAddress(tried: ReadonlySet<string> | null): string | undefined {
    const { addresses } = this;
    for (let step = 0; step < addresses.length; step++) {
      const address = addresses[(this.#rotation + step) % addresses.length];
      if (address === undefined || tried?.has(attemptKey(this, address)) === true) continue;
      this.#rotation = (this.#rotation + step + 1) % addresses.length;
      return address;
    }
    return undefined;
  }

  /** Where to dial `address`, for a listener that is `portOffset` ports into its range. */
  socketAddress(address: string, portOffset: number): SocketAddress {
    const { plan } = this;
    if ("unix" in plan) return { unix: plan.unix };
    if ("srv" in plan) return { host: address, port: 0 };
    return { host: address, port: plan.ranged ? plan.port + portOffset : plan.port };
  }

  /** Notes a failed dial or resolution; true when it is time to warn about it again. */
  noteFailure(message: string, nowMs: number): boolean {
    this.lastError = message;
    if (nowMs - this.#warnedMs < WARN_INTERVAL_MS) return false;
    this.#warnedMs = nowMs;
    return true;
  }

  snapshot(route: string): BackendSnapshot {
    const { plan, addresses, lastError, connectionsActive, connectionsTotal, dialFailures } = this;
    return {
      route,
      backend: plan.address,
      addresses,
      weight: plan.weight,
      backup: plan.backup,
      maxConnections: plan.maxConnections,
      state: lastError === undefined ? "up" : "down",
      ...(lastError === undefined ? {} : { lastError }),
      targets: [],
      connectionsActive,
      connectionsTotal,
      dialFailures,
      ejections: 0,
    };
  }
}

/** Identifies one address of one target among the attempts of a connection. */
export function attemptKey(target: Target, address: string): string {
  return `${target.plan.address} ${address}`;
}
