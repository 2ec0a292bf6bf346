// Targets that have failed one client, which it is not given again unless they have been reached since.

import type { Target } from "../pool/target.ts";

export class FailedTargets {
  #targets: Set<Target> | null = null;

  /** `null`: none. */
  get all(): ReadonlySet<Target> | null {
    return this.#targets;
  }

  /** Whether some have been reached since. */
  get forgivable(): boolean {
    return this.#targets !== null && !this.#targets.values().every((target) => target.lastError !== undefined);
  }

  add(target: Target): void {
    this.#targets ??= new Set();
    this.#targets.add(target);
  }

  /** Leaves those that have not been reached since. */
  forgive(): void {
    const left = new Set(this.#targets?.values().filter((target) => target.lastError !== undefined));
    this.#targets = left.size === 0 ? null : left;
  }
}
