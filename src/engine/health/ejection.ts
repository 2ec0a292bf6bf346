// Passive ejection of ONE target: failures that clients' connections met take it out for a while, longer each time. Pure:
// the caller's clock is monotonic milliseconds. Whether the last usable target may be ejected is the caller's question, asked
// between `failed` and `eject`: a target that stays because of it keeps its count, and its next failure asks again.
//
//   in use ── failures in a row ──▶ ejected ── time is over ──▶ on probation ── one failure ──▶ ejected, twice as long
//      ▲                                                             └── one success ──▶ in use
//      └── having worked for as long as it was ejected, the next ejection is a first one again

import type { PassiveSpec } from "../../resource/health.ts";

/** A failure is forgotten when no other followed within this time, in milliseconds: rare ones are no outage. */
export const FAILURE_MEMORY_MS = 60_000;

export class Ejection {
  #untilMs = 0;
  #count = 0;
  /** How long the last ejection was; 0 when the next one is a first one. */
  #lastedMs = 0;
  #onProbation = false;
  /** When it passed its probation. */
  #worksSinceMs = 0;
  #failures = 0;
  #firstFailureMs = 0;
  #lastFailureMs = 0;

  /** When the present or last ejection ends; 0 when there was none, or it was lifted. */
  get untilMs(): number {
    return this.#untilMs;
  }

  /** How often it was ejected. */
  get count(): number {
    return this.#count;
  }

  ejected(nowMs: number): boolean {
    return nowMs < this.#untilMs;
  }

  /** Takes a failure; true when it is time to `eject`. One that comes while it is ejected says nothing new. */
  failed(spec: PassiveSpec, nowMs: number): boolean {
    if (this.ejected(nowMs)) return false;
    if (nowMs - this.#lastFailureMs > FAILURE_MEMORY_MS) this.#failures = 0;
    if (this.#failures === 0) this.#firstFailureMs = nowMs;
    this.#lastFailureMs = nowMs;
    this.#failures++;
    return this.#onProbation || this.#failures >= spec.failures;
  }

  /** Takes a success. One that comes while it is ejected began before and says nothing new. */
  succeeded(nowMs: number): void {
    if (this.ejected(nowMs)) return;
    this.#failures = 0;
    if (!this.#onProbation) return;
    this.#onProbation = false;
    this.#worksSinceMs = nowMs;
  }

  /** Ejects it, or leaves an ejection as it is; until when, in milliseconds of the caller's clock. */
  eject(spec: PassiveSpec, nowMs: number): number {
    if (this.ejected(nowMs)) return this.#untilMs;
    if (!this.#onProbation) {
      const failsSinceMs = this.#failures === 0 ? nowMs : this.#firstFailureMs;
      if (failsSinceMs - this.#worksSinceMs >= this.#lastedMs) this.#lastedMs = 0;
    }
    this.#lastedMs = Math.min(Math.max(spec.ejectMs, this.#lastedMs * 2), spec.maxEjectMs);
    this.#untilMs = nowMs + this.#lastedMs;
    this.#count++;
    this.#onProbation = true;
    this.#failures = 0;
    return this.#untilMs;
  }

  /** Takes it back into use as if nothing had happened, but for the count: an active check found it up. */
  lift(): void {
    this.#untilMs = 0;
    this.#lastedMs = 0;
    this.#onProbation = false;
    this.#failures = 0;
  }
}
