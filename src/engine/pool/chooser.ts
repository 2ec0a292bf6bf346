// Chooses the target of a connection: which are usable, of which tier, and which of them by the balancer's rule. Knows
// nothing of waiting, failing or reloading.

import type { PoolPlan } from "../../plan/plan.ts";
import { balancerOf } from "../balance/balancer.ts";
import type { Balancer } from "../balance/candidate.ts";
import type { Target } from "./target.ts";

/** What a connection asks a pool for a target with. */
export interface Ask {
  /** Targets that it has tried. */
  readonly tried: ReadonlySet<Target> | null;
  /** A target with so many unsettled dials gets no more. */
  readonly maxAbandoned: number;
  readonly sourceHash: number;
  readonly nowMs: number;
}

/** A target; `full`: those that could be used have as many connections as they may; `none`: there is nothing to use. */
export type Pick = Target | "full" | "none";

export class Chooser {
  /** The lowest tier first. */
  #targets: readonly Target[] = [];
  #balancer: Balancer;
  #slowStartMs: number;
  #ejectLast: boolean;
  /** Of the pick that is being made: one array for all of them. */
  readonly #candidates: Target[] = [];

  constructor(plan: PoolPlan) {
    this.#balancer = balancerOf(plan.balance);
    this.#slowStartMs = plan.slowStartMs;
    this.#ejectLast = plan.passive?.ejectLast === true;
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  follow(plan: PoolPlan): void {
    this.#balancer = balancerOf(plan.balance);
    this.#slowStartMs = plan.slowStartMs;
    this.#ejectLast = plan.passive?.ejectLast === true;
  }

  /** Chooses among these from now on. */
  use(targets: readonly Target[]): void {
    this.#targets = targets.toSorted((a, b) => a.tier - b.tier);
    this.forgetCredit();
  }

  /** Weights have changed: what a target has saved up by its old one is worth nothing. */
  forgetCredit(): void {
    for (const target of this.#targets) target.credit = 0;
  }

  /** The target that a connection dials next. */
  pick(ask: Ask): Pick {
    const candidates = this.#candidates;
    candidates.length = 0;
    let tier = 0;
    let full = false;
    let ejected = false;
    for (const target of this.#targets) {
      // Tiers are in order: a higher one counts only when a lower one has nothing, not even a place to wait for.
      if (target.tier !== tier) {
        if (full || candidates.length > 0) break;
        tier = target.tier;
      }
      if (!mayDial(target, ask)) continue;
      const state = target.state(ask.nowMs);
      if (state === "up") candidates.push(target);
      else if (state === "full") full = true;
      else if (state === "ejected") ejected = true;
    }
    if (candidates.length === 0) {
      if (full) return "full";
      if (!ejected || this.#ejectLast) return "none";
      // Those that were there when it was ejected have gone: it is the last one now.
      this.#gatherEjected(ask);
    }
    const [only] = candidates;
    // Nothing but ejected ones, and those that may be dialled are full.
    if (only === undefined) return "full";
    if (candidates.length === 1) return only;
    for (const target of candidates) target.weigh(ask.nowMs, this.#slowStartMs);
    return this.#balancer(candidates, ask.sourceHash) ?? "none";
  }

  /** The target of the other address family that may be dialled beside a silent one (RFC 8305), or instead of a slow one. */
  pickBeside(silent: Target, ask: Ask): Target | undefined {
    if (silent.backend.targets.length === 1) return undefined;
    return silent.backend.targets.find(
      (target) =>
        target.isOtherFamilyOf(silent) &&
        mayDial(target, ask) &&
        target.state(ask.nowMs) === "up" &&
        // The backend may have left the plan while it was silent.
        this.#targets.includes(target),
    );
  }

  /** How many targets a connection could still dial, up to `atMost`. */
  remaining({ tried, nowMs }: Ask, atMost: number): number {
    let count = 0;
    for (const target of this.#targets) {
      if (tried?.has(target) === true || target.state(nowMs) !== "up") continue;
      if (++count >= atMost) break;
    }
    return count;
  }

  /** Whether a target beside this one is used. */
  hasOthers(target: Target, nowMs: number): boolean {
    return this.#targets.some((other) => {
      const state = other === target ? "down" : other.state(nowMs);
      return state === "up" || state === "full";
    });
  }

  #gatherEjected(ask: Ask): void {
    let tier = -1;
    for (const target of this.#targets) {
      if (tier !== -1 && target.tier !== tier) break;
      if (!mayDial(target, ask) || target.state(ask.nowMs) !== "ejected" || target.isFull) continue;
      tier = target.tier;
      this.#candidates.push(target);
    }
  }
}

function mayDial(target: Target, { tried, maxAbandoned }: Ask): boolean {
  return tried?.has(target) !== true && target.abandonedDials < maxAbandoned;
}
