// Keeps the active checks of a pool's targets as its plan wants them: opens the new watch before it closes the old one, so
// that a reload loses nothing of what is known.

import type { HealthSpec } from "../../resource/health.ts";
import type { HealthMonitor } from "../health/monitor.ts";
import type { HealthStatus } from "../health/rise-fall.ts";
import type { Target } from "./target.ts";

export class TargetChecks {
  readonly #monitor: HealthMonitor;
  readonly #changed: (target: Target, status: HealthStatus) => void;

  /** `changed` hears every new status of a target. */
  constructor(monitor: HealthMonitor, changed: (target: Target, status: HealthStatus) => void) {
    this.#monitor = monitor;
    this.#changed = changed;
  }

  /** Makes `spec` what these targets are checked by; `undefined`: by nothing. `anew`: it is not what it was. */
  update(targets: readonly Target[], spec: HealthSpec | undefined, anew: boolean): void {
    for (const target of targets) {
      if (spec === undefined) this.stop(target);
      else if (anew || target.health === null) this.#watch(target, spec);
    }
  }

  stop(target: Target): void {
    target.health?.close();
    target.health = null;
  }

  #watch(target: Target, spec: HealthSpec): void {
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
