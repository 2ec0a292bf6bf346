// A pool as it runs: its targets, whose turn it is, and the names that have to be resolved. Connections ask it for one
// target after the other until one answers.

import type { PoolPlan, TargetPlan } from "../plan/plan.ts";
import { parseIp } from "../base/ip.ts";
import { pickRoundRobin } from "./balance.ts";
import type { ResolvedAddress } from "./resolve/name-query.ts";
import type { NameWatch, Resolver } from "./resolve/resolver.ts";
import { attemptKey, Target } from "./target.ts";

/** What a connection gets to dial. */
export interface Choice {
  readonly target: Target;
  /** One of the target's addresses. */
  readonly address: string;
}

export class Pool {
  readonly name: string;
  #targets: Target[] = [];
  #plan: PoolPlan;
  readonly #resolver: Resolver;
  readonly #watches = new Map<string, NameWatch>();
  #waiting: (() => void)[] = [];

  constructor(plan: PoolPlan, resolver: Resolver) {
    this.name = plan.name;
    this.#plan = plan;
    this.#resolver = resolver;
    this.update(plan);
  }

  get plan(): PoolPlan {
    return this.#plan;
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  /** Takes over a new plan; targets that are still in it keep their state and connections. */
  update(plan: PoolPlan): void {
    this.#plan = plan;
    const before = new Map(this.#targets.map((target) => [target.plan.address, target]));
    this.#targets = plan.targets.map((targetPlan) => {
      const known = before.get(targetPlan.address);
      if (known === undefined) return new Target(targetPlan, literalAddresses(targetPlan));
      known.plan = targetPlan;
      return known;
    });
    this.#watchNames();
    this.#wake();
  }

  /**
   * The next address to try that is not in `tried`, of a target with fewer than `maxAbandoned` unsettled dials; `undefined`:
   * nothing is left, or no name is resolved.
   */
  pick(tried: ReadonlySet<string> | null, maxAbandoned: number): Choice | undefined {
    const [only] = this.#targets;
    if (tried === null && only !== undefined && this.#targets.length === 1) {
      const address = only.weight > 0 && only.abandonedDials < maxAbandoned ? only.nextAddress(null) : undefined;
      return address === undefined ? undefined : { target: only, address };
    }
    const usable = (target: Target): boolean => target.abandonedDials < maxAbandoned && untried(target, tried);
    const target = pickRoundRobin(this.#targets, usable);
    const address = target?.nextAddress(tried);
    return target === undefined || address === undefined ? undefined : { target, address };
  }

  /** How many addresses `pick` can still give. */
  remaining(tried: ReadonlySet<string> | null): number {
    let count = 0;
    for (const target of this.#targets) {
      if (target.weight === 0) continue;
      for (const address of target.addresses) if (tried?.has(attemptKey(target, address)) !== true) count++;
    }
    return count;
  }

  /** Calls `then` once when anything is news: a name got an answer, the plan changed. False when no name is awaited. */
  whenResolved(then: () => void): boolean {
    if ([...this.#watches.values()].every((watch) => watch.answered)) return false;
    this.#waiting.push(then);
    return true;
  }

  /** Stops resolving names. Connections that hold targets of this pool are not touched. */
  close(): void {
    for (const watch of this.#watches.values()) watch.close();
    this.#watches.clear();
    this.#wake();
  }

  #wake(): void {
    for (const then of this.#waiting.splice(0)) then();
  }

  #watchNames(): void {
    const wanted = new Set<string>();
    for (const target of this.#targets) {
      if (!("host" in target.plan) || parseIp(target.plan.host) !== undefined) continue;
      wanted.add(target.plan.host);
    }
    for (const [host, watch] of this.#watches) {
      if (wanted.has(host)) continue;
      watch.close();
      this.#watches.delete(host);
    }
    for (const host of wanted) {
      if (!this.#watches.has(host)) {
        this.#watches.set(
          host,
          this.#resolver.watch({ host }, this.#plan.resolveIntervalMs, (answer) => this.#resolved(host, answer)),
        );
      }
    }
    // Targets that joined a name already known get its addresses now.
    for (const [host, watch] of this.#watches) if (watch.addresses.length > 0) this.#resolved(host, watch.addresses);
  }

  #resolved(host: string, answer: readonly ResolvedAddress[] | Error): void {
    for (const target of this.#targets) {
      if (!("host" in target.plan) || target.plan.host !== host) continue;
      if (answer instanceof Error) {
        if (target.addresses.length === 0) target.lastError = answer.message;
      } else {
        if (target.addresses.length === 0) target.lastError = undefined;
        target.addresses = answer.map((address) => address.host);
      }
    }
    this.#wake();
  }
}

function untried(target: Target, tried: ReadonlySet<string> | null): boolean {
  if (tried === null) return target.addresses.length > 0;
  return target.addresses.some((address) => !tried.has(attemptKey(target, address)));
}

function literalAddresses(plan: TargetPlan): readonly string[] {
  if ("unix" in plan) return [plan.unix];
  return !("host" in plan) || parseIp(plan.host) === undefined ? [] : [plan.host];
}
