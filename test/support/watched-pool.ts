// A pool that tells a test who waits in its line.

import { Pool } from "../../src/engine/pool/pool.ts";
import type { Waiter } from "../../src/engine/pool/waiting-line.ts";

export class WatchedPool extends Pool {
  readonly waiters = new Set<Waiter>();

  override wait(waiter: Waiter): void {
    this.waiters.add(waiter);
    super.wait(waiter);
  }

  override leave(waiter: Waiter): void {
    this.waiters.delete(waiter);
    super.leave(waiter);
  }
}
