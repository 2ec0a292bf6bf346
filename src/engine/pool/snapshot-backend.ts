// Reads one backend and its targets into plain data, and says in words why they are not used. What `state` says is what
// the pool goes by, with one exception: a target that is used although its last dial failed, and that no check knows better,
// is told as failing.

import type { PoolPlan } from "../../plan/plan.ts";
import type { Backend } from "./backend.ts";
import type { BackendSnapshot, CheckSnapshot, TargetSnapshot } from "../snapshot.ts";
import type { Target } from "./target.ts";

/** One moment by both clocks: monotonic milliseconds, and milliseconds since the Unix epoch. */
export interface Moment {
  readonly ms: number;
  readonly date: number;
}

/** One backend of one pool. */
export function snapshotBackend(backend: Backend, pool: PoolPlan, now: Moment): BackendSnapshot {
  const { plan, override, connectionsActive, connectionsTotal, dialFailures, ejections } = backend;
  const targets = backend.targets.map((target) => snapshotTarget(target, pool, now));
  const state = stateOf(targets);
  const lookUpError = backend.lookUpError;
  const unresolved = targets.length === 0 ? (lookUpError ?? "Its name is not resolved yet") : undefined;
  const reason =
    state === "up" ? undefined : (unresolved ?? targets.find((target) => target.reason !== undefined)?.reason);
  const lastError = lookUpError ?? backend.targets.find((target) => target.lastError !== undefined)?.lastError;
  return {
    route: pool.route,
    backend: plan.address,
    addresses: backend.targets.map(({ where }) => ("unix" in where ? where.unix : where.host)),
    weight: backend.weight,
    backup: plan.backup,
    maxConnections: plan.maxConnections,
    state,
    ...(reason === undefined ? {} : { reason }),
    ...(override === undefined ? {} : { override }),
    ...(lastError === undefined ? {} : { lastError }),
    targets,
    connectionsActive,
    connectionsTotal,
    dialFailures,
    ejections,
  };
}

function stateOf(targets: readonly TargetSnapshot[]): BackendSnapshot["state"] {
  const states = new Set(targets.map(({ state }) => state));
  if (states.has("up") || states.has("full")) return "up";
  if (states.has("failing")) return "failing";
  return states.size === 1 && states.has("drained") ? "drained" : "down";
}

function snapshotTarget(target: Target, { health: spec, slowStartMs }: PoolPlan, now: Moment): TargetSnapshot {
  const { address, connectionsActive, connectionsTotal, dialFailures, ejection, health } = target;
  const state = shownState(target, now.ms);
  const reason = reasonOf(target, state, spec?.rise ?? 1);
  target.weigh(now.ms, slowStartMs);
  const until = ejection.untilMs > now.ms ? isoAt(ejection.untilMs, now) : undefined;
  return {
    address,
    state,
    ...(reason === undefined ? {} : { reason }),
    weight: target.share,
    connectionsActive,
    connectionsTotal,
    dialFailures,
    ejections: ejection.count,
    ...(until === undefined ? {} : { ejectedUntil: until }),
    ...(health === null ? {} : { check: snapshotCheck(health.state) }),
  };
}

function shownState(target: Target, nowMs: number): TargetSnapshot["state"] {
  const state = target.state(nowMs);
  const unproven = target.health === null && target.backend.override?.state !== "up";
  return state === "up" && unproven && target.lastError !== undefined ? "failing" : state;
}

function reasonOf(target: Target, state: TargetSnapshot["state"], rise: number): string | undefined {
  const { backend, health, lastError } = target;
  if (state === "up") return undefined;
  if (state === "full") return `Full: ${target.connectionsActive} of ${backend.plan.maxConnections} connections`;
  if (state === "drained") return backend.override?.state === "drain" ? "Drained by hand" : "Its weight is 0";
  if (state === "ejected") return `Ejected: ${target.ejectedFor}`;
  if (backend.override?.state === "down") return "Taken down by hand";
  if (state === "failing") return `Used, but its last dial failed: ${lastError}`;
  const { error, rising } = health?.state ?? {};
  if (error !== undefined) return `Check failed: ${error}`;
  return rising === undefined ? "Down by its last kind of check" : `Coming back: ${rising} of ${rise} good checks`;
}

function snapshotCheck(state: NonNullable<Target["health"]>["state"]): CheckSnapshot {
  const { status, checks, failures, error, lastAt, since } = state;
  return {
    status,
    ...(lastAt === undefined ? {} : { lastAt: lastAt.toISOString() }),
    ...(since === undefined ? {} : { since: since.toISOString() }),
    checks,
    failures,
    ...(error === undefined ? {} : { error }),
  };
}

function isoAt(ms: number, now: Moment): string {
  return new Date(now.date + ms - now.ms).toISOString();
}
