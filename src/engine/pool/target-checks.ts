// Keeps the active checks of a pool's targets as its plan wants them: opens the new watch before it closes the old one, so
// that a reload loses nothing of what is known.

import type { PoolPlan } from "../../plan/plan.ts";
import { type CheckApproach, speaksTls, type TargetHealthSpec } from "../health/approach.ts";
import type { HealthMonitor } from "../health/monitor.ts";
import type { HealthStatus } from "../health/rise-fall.ts";
import { serverNameOf } from "./server-name.ts";
import type { Target } from "./target.ts";

/** What a plan says about checks: how often and what is asked, and how targets are spoken to. */
export type ChecksPlan = Pick<PoolPlan, "health" | "proxySend" | "upstreamTls">;

/** That part of a plan alone, to be compared. */
export function checksOf({ health, proxySend, upstreamTls }: ChecksPlan): ChecksPlan {
  return {
    ...(health === undefined ? {} : { health }),
    ...(proxySend === undefined ? {} : { proxySend }),
    ...(upstreamTls === undefined ? {} : { upstreamTls }),
  };
}

export class TargetChecks {
  readonly #monitor: HealthMonitor;
  readonly #changed: (target: Target, status: HealthStatus) => void;

  /** `changed` hears every new status of a target. */
  constructor(monitor: HealthMonitor, changed: (target: Target, status: HealthStatus) => void) {
    this.#monitor = monitor;
    this.#changed = changed;
  }

  /** Makes `plan` what these targets are checked by; without `health`: by nothing. `anew`: it is not what it was. */
  update(targets: readonly Target[], plan: ChecksPlan, anew: boolean): void {
    const { health } = plan;
    for (const target of targets) {
      if (health === undefined) this.stop(target);
      else if (anew || target.health === null) {
        this.#watch(target, { ...health, approach: approachOf(target, health, plan) });
      }
    }
  }

  stop(target: Target): void {
    target.health?.close();
    target.health = null;
  }

  #watch(target: Target, spec: TargetHealthSpec): void {
    const before = target.health;
    const { where } = target;
    const address = "unix" in where ? where : { host: where.host, port: where.port };
    const known = before?.state.status;
    // One that was replaced before it found anything changes nothing about what was known before it.
    target.wasDown = known === "down" || (known === "unknown" && target.wasDown);
    target.health = this.#monitor.watch(address, spec, ({ status }) => this.#changed(target, status));
    before?.close();
  }
}

/**
 * As clients' connections begin. Another port for checks is another service, such as a status page, that knows neither
 * PROXY headers nor this TLS; HAProxy does the same.
 */
function approachOf(
  target: Target,
  { check, port }: TargetHealthSpec,
  { proxySend, upstreamTls }: ChecksPlan,
): CheckApproach {
  if (port !== undefined) return {};
  const wantsTls = upstreamTls !== undefined && speaksTls(check);
  const serverName = wantsTls ? serverNameOf(target.backend.plan, upstreamTls) : undefined;
  return {
    ...(proxySend === undefined ? {} : { proxySend }),
    ...(wantsTls ? { tls: { settings: upstreamTls, ...(serverName === undefined ? {} : { serverName }) } } : {}),
  };
}
