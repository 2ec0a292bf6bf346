// One backend of a pool as written: the targets it stands for now, what was set by hand, and counters that outlive its
// targets. Which targets there are follows its name.

import { parseIp } from "../../base/ip.ts";
import type { TargetPlan } from "../../plan/plan.ts";
import type { NameQuery, ResolvedAddress } from "../resolve/name-query.ts";
import type { NameWatch, Resolver } from "../resolve/resolver.ts";
import type { OverrideSettings } from "../snapshot.ts";
import { Target, type TargetAddress, type TargetBackend, type TargetStanding } from "./target.ts";

/** Above every priority that SRV records can have. */
const BACKUP_TIER = 1_000_000;

/** Who is told when the targets of a backend change. */
export interface BackendOwner {
  /** Its name got an answer, good or bad; `gone` are no longer targets, live connections of theirs go on. */
  targetsChanged(backend: Backend, gone: readonly Target[]): void;
}

export class Backend implements TargetBackend {
  override: OverrideSettings | undefined;
  targets: readonly Target[] = [];
  connectionsActive = 0;
  connectionsTotal = 0;
  dialFailures = 0;
  ejections = 0;

  #plan: TargetPlan;
  /** Targets that it had and may have again while they have connections. */
  #gone: readonly Target[] = [];
  #watch: NameWatch | null = null;
  readonly #owner: BackendOwner;

  constructor(plan: TargetPlan, owner: BackendOwner) {
    this.#plan = plan;
    this.#owner = owner;
  }

  get plan(): TargetPlan {
    return this.#plan;
  }

  get weight(): number {
    return this.override?.weight ?? this.#plan.weight;
  }

  /** Why its name has no answer; `undefined` for what needs no look-up and after a good answer. */
  get lookUpError(): string | undefined {
    return this.#watch?.error?.message;
  }

  /** Whether its name was never answered, so that it may have targets soon. */
  get unanswered(): boolean {
    return this.#watch !== null && !this.#watch.answered;
  }

  /** Takes over a plan of the same address, and looks its name up from now on. */
  update(plan: TargetPlan, resolver: Resolver, intervalMs: number): void {
    this.#plan = plan;
    const query = queryOf(plan);
    if (query === undefined) {
      this.#become(literals(plan));
      return;
    }
    // The old watch goes last: its name is not forgotten in between.
    const before = this.#watch;
    this.#watch = resolver.watch(query, intervalMs, (answer) => this.#answered(answer));
    before?.close();
    this.#answered(this.#watch.addresses);
  }

  liftEjections(): void {
    for (const target of this.targets) target.ejection.lift();
  }

  /** Stops looking its name up. */
  close(): void {
    this.#watch?.close();
    this.#watch = null;
  }

  #answered(answer: readonly ResolvedAddress[] | Error): void {
    // The last good answer is kept.
    const gone =
      answer instanceof Error || answer.length === 0 ? [] : this.#become(answer.map((each) => this.#named(each)));
    this.#owner.targetsChanged(this, gone);
  }

  #named({ host, port, weight, tier }: ResolvedAddress): Wanted {
    const plan = this.#plan;
    const written = "host" in plan ? plan : { port: 0, ranged: false };
    const where = { host, port: port ?? written.port, ranged: written.ranged };
    return { where, standing: standing(plan, weight, tier) };
  }

  /** Keeps the targets that are still wanted, and takes those back that left with connections; those that are not wanted. */
  #become(wanted: readonly Wanted[]): Target[] {
    const before = new Map(this.targets.map((target) => [target.address, target]));
    const leftEarlier = this.#gone.filter((target) => target.connectionsActive > 0);
    for (const target of leftEarlier) if (!before.has(target.address)) before.set(target.address, target);
    this.targets = wanted.map(({ where, standing: place }) => {
      const made = new Target(this, where, place);
      const known = before.get(made.address);
      if (known === undefined || known.ranged !== made.ranged) return made;
      before.delete(made.address);
      known.standing = place;
      return known;
    });
    const gone = [...before.values()];
    this.#gone = gone;
    return gone;
  }
}

interface Wanted {
  readonly where: TargetAddress;
  readonly standing: TargetStanding;
}

function queryOf(plan: TargetPlan): NameQuery | undefined {
  if ("srv" in plan) return { srv: plan.srv };
  if ("unix" in plan || parseIp(plan.host) !== undefined) return undefined;
  return { host: plan.host, ...(plan.orElse === undefined ? {} : { orElse: plan.orElse }) };
}

function literals(plan: TargetPlan): Wanted[] {
  if ("srv" in plan) return [];
  if ("unix" in plan) return [{ where: { unix: plan.unix }, standing: standing(plan) }];
  const { host, port, ranged } = plan;
  return [{ where: { host, port, ranged }, standing: standing(plan) }];
}

function standing(plan: TargetPlan, weight = 1, tier = 0): TargetStanding {
  return { weight, tier: plan.backup ? BACKUP_TIER + tier : tier };
}
