// Reads one backend and its targets into plain data, and says in words why they are not used. What `state` says is what
// the pool goes by, with one exception: a target that nothing ejects, because it is the last one, is told as down while its
// last dial failed.

import type { Backend } from "./backend.ts";
import type { BackendSnapshot, CheckSnapshot, TargetSnapshot } from "../snapshot.ts";
import type { Target } from "./target.ts";

/** One moment by both clocks: monotonic milliseconds, and milliseconds since the Unix epoch. */
export interface Moment {
  readonly ms: number;
  readonly date: number;
}

/** One backend of one route. */
export function snapshotBackend(route: string, backend: Backend, slowStartMs: number, now: Moment): BackendSnapshot {
  const { plan, override, connectionsActive, connectionsTotal, dialFailures, ejections } = backend;
  const targets = backend.targets.map((target) => snapshotTarget(target, slowStartMs, now));
  const usable = targets.some(({ state }) => state === "up" || state === "full");
  const drained = targets.length > 0 && targets.every(({ state }) => state === "drained");
  const lookUpError = backend.lookUpError;
  const unresolved = targets.length === 0 ? (lookUpError ?? "Its name is not resolved yet") : undefined;
  const reason = usable ? undefined : (unresolved ?? targets.find((target) => target.reason !== undefined)?.reason);
  const lastError = lookUpError ?? backend.targets.find((target) => target.lastError !== undefined)?.lastError;
  return {
    route,
    backend: plan.address,
    addresses: backend.targets.map(({ where }) => ("unix" in where ? where.unix : where.host)),
    weight: backend.weight,
    backup: plan.backup,
    maxConnections: plan.maxConnections,
    state: usable ? "up" : drained ? "drained" : "down",
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

function snapshotTarget(target: Target, slowStartMs: number, now: Moment): TargetSnapshot {
  const { address, connectionsActive, connectionsTotal, dialFailures, ejection, health } = target;
  const state = shownState(target, now.ms);
  const reason = reasonOf(target, state);
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
  return state === "up" && unproven && target.lastError !== undefined ? "down" : state;
}

function reasonOf(target: Target, state: TargetSnapshot["state"]): string | undefined {
  const { backend, health, lastError } = target;
  if (state === "up") return undefined;
  if (state === "full") return `It has ${backend.plan.maxConnections} connections, as many as it may`;
  if (state === "drained") return backend.override?.state === "drain" ? "Drained by hand" : "Its weight is 0";
  if (state === "ejected") return `Ejected: ${target.ejectedFor}`;
  if (backend.override?.state === "down") return "Taken down by hand";
  if (health?.state.status === "down") return `Check failed: ${health.state.error ?? "no reason known"}`;
  return `Last dial failed: ${lastError}`;
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
