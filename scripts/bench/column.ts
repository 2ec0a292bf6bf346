// What a column of the table is: one kind of work, what it cost the proxy per unit, and what to compare that with.

import type { LoadClient } from "./load-client.ts";
import type { Order, Work } from "./load/protocol.ts";
import { cpuSeconds } from "./process-tree.ts";
import type { Running, Service } from "./subject.ts";

/** One measurement of one subject. */
export interface Sample {
  /** In the column's unit; absent for the direct path, which has no proxy. */
  readonly cost: number | undefined;
  /** In the unit of the column's second figure. */
  readonly aside: number | undefined;
}

/** How much work to do. */
export interface Effort {
  readonly seconds: number;
  readonly idleConnections: number;
  /** Bytes on the way per transfer of the windowed bulk column. */
  readonly windowKiB: number;
}

/** One column. */
export interface Column {
  /** As `--columns` names it. */
  readonly key: string;
  /** What the proxies do in it. */
  readonly service: Service;
  /** What the cost is, with its unit. */
  readonly heading: string;
  /** What the second figure is, with its unit. */
  readonly asideHeading: string;
  readonly digits: number;
  /** What a CPU second is enough for, where people count in that: its name. The cost is in µs then. */
  readonly perCpuSecond?: string;
  /** The ratio the gateway has to keep, to the better of the peers or to HAProxy alone. */
  readonly goal: { readonly ratio: number; readonly to: "better peer" | "HAProxy" };
  /** Measured on a process that has done nothing before. */
  readonly fresh: boolean;
  measure(running: Running, load: LoadClient, effort: Effort): Promise<Sample>;
}

/** CPU seconds that the proxy spent on an order, and the work that was done. */
export async function chargeCpu(
  running: Running,
  load: LoadClient,
  order: Order,
): Promise<{ readonly cpu: number | undefined; readonly work: Work }> {
  const { pid } = running;
  const before = pid === undefined ? 0 : cpuSeconds(pid);
  const work = await load.order(order);
  return { cpu: pid === undefined ? undefined : cpuSeconds(pid) - before, work };
}
