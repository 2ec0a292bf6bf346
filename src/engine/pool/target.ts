// One address of a backend as it runs: what is connected to it, how it answered last, and whether it may be used now. It
// lives as long as its backend has the address, so that counters and state survive a reload that changes something else.

import { formatHostPort } from "../../base/address.ts";
import { hashText } from "../../base/hash.ts";
import type { TargetPlan } from "../../plan/plan.ts";
import type { SocketAddress } from "../../runtime/runtime.ts";
import type { Candidate } from "../balance/candidate.ts";
import { Ejection } from "../health/ejection.ts";
import type { HealthWatch } from "../health/monitor.ts";
import type { HealthStatus } from "../health/rise-fall.ts";
import type { OverrideSettings, TargetSnapshot } from "../snapshot.ts";

/** A backend that keeps failing is reported once per interval, in milliseconds, or a flood of clients fills the log. */
const WARN_INTERVAL_MS = 10_000;

/** What a slow start begins with: with nothing it would never be seen to work. */
const LEAST_SHARE = 0.05;

/** Where a target is: an IP without brackets and a port, or a unix socket. */
export type TargetAddress =
  | { readonly host: string; readonly port: number; /** Takes the listener's `portOffset`. */ readonly ranged: boolean }
  | { readonly unix: string };

/** What the backend's name says of an address. */
export interface TargetStanding {
  /** Share among the addresses of its backend, above 0. */
  readonly weight: number;
  /** Targets of a higher tier are used only when none of a lower one is usable. */
  readonly tier: number;
}

/** What a target knows of its backend, and counts there. */
export interface TargetBackend {
  readonly plan: TargetPlan;
  readonly override: OverrideSettings | undefined;
  /** As written, or as set by hand. */
  readonly weight: number;
  readonly targets: readonly Target[];
  connectionsActive: number;
  connectionsTotal: number;
  dialFailures: number;
  ejections: number;
}

export class Target implements Candidate {
  readonly backend: TargetBackend;
  readonly where: TargetAddress;
  /** `10.0.0.5:5432`, `[::1]:5432`, or the path of a unix socket: its identity within its backend. */
  readonly address: string;
  readonly hash: number;
  standing: TargetStanding;
  credit = 0;
  share = 0;
  /** Connected or being dialled. */
  connectionsActive = 0;
  connectionsTotal = 0;
  dialFailures = 0;
  /** Dials that were given up and have not settled. */
  abandonedDials = 0;
  /** Why the last dial failed; `undefined` after a success. */
  lastError: string | undefined;
  health: HealthWatch | null = null;
  /** Until then the other address family of its name is dialled first; monotonic milliseconds. */
  slowUntilMs = 0;
  /** When it was first reached since it last failed; 0: not since. */
  soundSinceMs = 0;
  /** It was down by an earlier kind of check, and is while the new one has found nothing. */
  wasDown = false;
  readonly ejection = new Ejection();
  /** Why it was ejected last. */
  ejectedFor: string | undefined;

  #upSinceMs = Number.NEGATIVE_INFINITY;
  #warnedMs = Number.NEGATIVE_INFINITY;

  constructor(backend: TargetBackend, where: TargetAddress, standing: TargetStanding) {
    this.backend = backend;
    this.where = where;
    this.address = addressOf(where);
    this.hash = hashText(this.address);
    this.standing = standing;
  }

  /** It stands for as many ports as its listener has. */
  get ranged(): boolean {
    return "host" in this.where && this.where.ranged;
  }

  get tier(): number {
    return this.standing.tier;
  }

  /** What it would get of new connections if nothing were wrong with it; 0 takes none. */
  get weight(): number {
    return this.backend.weight * this.standing.weight;
  }

  /** Whether new connections may go there, and if not, why. Monotonic milliseconds. */
  state(nowMs: number): TargetSnapshot["state"] {
    const forced = this.backend.override?.state;
    if (forced === "down") return "down";
    if (forced === "drain" || this.weight === 0) return "drained";
    if (forced !== "up") {
      if (this.health !== null && this.#isDown(this.health.state.status)) return "down";
      if (this.ejection.untilMs > nowMs) return "ejected";
    }
    return this.isFull ? "full" : "up";
  }

  /** Whether it has as many connections as it may. A dial that was given up may still arrive there. */
  get isFull(): boolean {
    const { maxConnections } = this.backend.plan;
    return maxConnections !== 0 && this.connectionsActive + this.abandonedDials >= maxConnections;
  }

  #isDown(status: HealthStatus): boolean {
    return status === "down" || (status === "unknown" && this.wasDown);
  }

  /** Sets its share to what its weight says, or to the part of it that a slow start allows. */
  weigh(nowMs: number, slowStartMs: number): void {
    if (slowStartMs === 0) {
      this.share = this.weight;
      return;
    }
    const { untilMs } = this.ejection;
    const upMs = nowMs - (untilMs === 0 ? this.#upSinceMs : Math.max(this.#upSinceMs, untilMs));
    this.share = this.weight * Math.min(1, Math.max(LEAST_SHARE, upMs / slowStartMs));
  }

  /** It came back: from here its slow start counts. */
  recovered(nowMs: number): void {
    this.#upSinceMs = nowMs;
  }

  /** Counts a connection that is being dialled or was kept. */
  enter(): void {
    this.connectionsActive++;
    this.backend.connectionsActive++;
  }

  /** Takes one `enter` back, when the dial failed or the connection ended. */
  leave(): void {
    this.connectionsActive--;
    this.backend.connectionsActive--;
  }

  /** It accepted a connection. */
  reached(nowMs: number): void {
    if (this.soundSinceMs === 0) this.soundSinceMs = nowMs;
    this.lastError = undefined;
    this.connectionsTotal++;
    this.backend.connectionsTotal++;
  }

  /** Whether a connection that it accepted before `sinceMs` was followed by no failure. */
  survivedSince(sinceMs: number): boolean {
    return this.soundSinceMs !== 0 && this.soundSinceMs <= sinceMs;
  }

  /** Notes a failed dial; true when it is time to warn about it again. */
  failed(message: string, nowMs: number): boolean {
    this.lastError = message;
    this.dialFailures++;
    this.backend.dialFailures++;
    if (nowMs - this.#warnedMs < WARN_INTERVAL_MS) return false;
    this.#warnedMs = nowMs;
    return true;
  }

  /** Where to dial for a listener that is `portOffset` ports into its range. */
  socketAddress(portOffset: number): SocketAddress {
    const { where } = this;
    if ("unix" in where || !where.ranged) return where;
    return { host: where.host, port: where.port + portOffset };
  }

  /**
   * Whether both are one service at addresses of different families, of which one may be unreachable from here. Records of
   * a service that differ in port or priority are not.
   */
  isOtherFamilyOf(other: Target): boolean {
    if ("unix" in this.where || "unix" in other.where || this.backend !== other.backend) return false;
    if (this.where.port !== other.where.port || this.tier !== other.tier) return false;
    return this.where.host.includes(":") !== other.where.host.includes(":");
  }
}

function addressOf(where: TargetAddress): string {
  return "unix" in where ? where.unix : formatHostPort(where.host, where.port);
}
