// How long a client waits for a backend: the connect timeout for all attempts together, and each attempt's part of it.

import { formatDuration } from "../../base/duration.ts";
import type { DialSpec } from "../../resource/route.ts";

/** How long an address of one family may be silent before one of the other is dialled beside it (RFC 8305, section 8). */
export const BESIDE_MS = 250;

/** Targets that share the connect timeout: with more, each would get too little of it for a slow but healthy one. */
export const SHARED_ATTEMPTS = 3;

/**
 * The least an attempt is given, in milliseconds, unless that is more than half of what is left: one lost SYN is sent again
 * after a second.
 */
const LEAST_ATTEMPT_MS = 1_500;

/** With less than this left of the connect timeout no dial is begun: it would be blamed for our haste. */
const LEAST_BUDGET_MS = 50;

export class DialTime {
  readonly #connectMs: number;
  /** When the connect timeout runs out, in monotonic milliseconds; infinite without one. */
  dueMs: number;
  /** When the attempt under way is given up. */
  attemptDueMs = Number.POSITIVE_INFINITY;
  #attemptBeganMs = 0;

  /** `connectMs` of 0: no limit. */
  constructor(connectMs: number) {
    this.#connectMs = connectMs;
    this.dueMs = this.#due();
  }

  /** Counts from now: a wait that has a limit of its own is over. */
  restart(): void {
    this.dueMs = this.#due();
  }

  /** Whether there is time for another attempt. */
  get left(): boolean {
    return performance.now() + LEAST_BUDGET_MS < this.dueMs;
  }

  /**
   * An attempt begins, which is given up after what is set for it, or an equal part of what is left for so many targets, so that a
   * silent one leaves time for the next.
   */
  beginAttempt(spec: DialSpec, targets: number): void {
    this.#attemptBeganMs = performance.now();
    this.attemptDueMs = this.#attemptEnd(spec, targets, this.#attemptBeganMs);
  }

  /** How long the attempt has lasted at `nowMs`, for people. */
  waited(nowMs: number): string {
    return formatDuration(Math.round((nowMs - this.#attemptBeganMs) / 100) * 100);
  }

  #attemptEnd({ attemptMs }: DialSpec, targets: number, nowMs: number): number {
    if (attemptMs !== 0) return Math.min(this.dueMs, nowMs + attemptMs);
    if (this.dueMs === Number.POSITIVE_INFINITY || targets <= 1) return this.dueMs;
    const leftMs = this.dueMs - nowMs;
    return nowMs + Math.max(leftMs / targets, Math.min(LEAST_ATTEMPT_MS, leftMs / 2));
  }

  #due(): number {
    return this.#connectMs === 0 ? Number.POSITIVE_INFINITY : performance.now() + this.#connectMs;
  }
}
