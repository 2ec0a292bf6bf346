// A health monitor that probes nothing: it knows who watches what, and a test says what is found.

import { HealthMonitor, type HealthWatch } from "../../src/engine/health/monitor.ts";
import { addressText, type HealthState } from "../../src/engine/health/probe-loop.ts";
import type { HealthSpec } from "../../src/resource/health.ts";
import type { SocketAddress } from "../../src/runtime/runtime.ts";

/** Checks that find what the test says. */
export class PlayedMonitor extends HealthMonitor {
  readonly watches = new Map<HealthWatch, { address: string; changed: (state: HealthState) => void }>();
  readonly #states = new Map<string, HealthState>();

  override watch(address: SocketAddress, spec: HealthSpec, changed: (state: HealthState) => void): HealthWatch {
    // Another kind of check knows nothing yet.
    const text = `${addressText(address)} ${spec.check.kind}`;
    const states = this.#states;
    const watch: HealthWatch = {
      get state() {
        return states.get(text) ?? { status: "unknown", checks: 0, failures: 0 };
      },
      close: () => void this.watches.delete(watch),
    };
    this.watches.set(watch, { address: text, changed });
    return watch;
  }

  /** The address (with its kind of check) is found to be `status`. */
  find(address: string, status: "up" | "down"): void {
    if (this.#states.get(address)?.status === status) return;
    const state = { status, checks: 1, failures: 0 };
    this.#states.set(address, state);
    for (const [watch, heard] of Array.from(this.watches)) {
      if (heard.address === address && this.watches.has(watch)) heard.changed(state);
    }
  }
}
