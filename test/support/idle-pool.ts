// A pool for routes whose clients never get as far as it.

import { TimerWheel } from "../../src/base/timer-wheel.ts";
import { Pool } from "../../src/engine/pool/pool.ts";
import type { Plan } from "../../src/plan/plan.ts";
import { bunRuntime } from "../../src/runtime/bun.ts";
import { PlayedMonitor } from "./played-monitor.ts";
import { PlayedResolver } from "./played-resolver.ts";
import { RecordedLog } from "./recorded-log.ts";

export function idlePool(plan: Plan, name: string): Pool {
  const found = plan.pools.find((pool) => pool.name === name);
  if (found === undefined) throw new Error(`There is no pool "${name}"`);
  const log = new RecordedLog();
  return new Pool(found, {
    resolver: new PlayedResolver(log, async () => ({ addresses: [] })),
    monitor: new PlayedMonitor(bunRuntime(), log),
    log,
    wheel: new TimerWheel(),
    targetDown: () => {},
  });
}
