// A worker that uses a shared counter table as hard as it can, and tells what it saw. counter-table-workers.test.ts drives it.

import { CounterTable } from "../../src/engine/limit/counter-table.ts";
import type { RateSpec } from "../../src/resource/limits.ts";
import { Random } from "./random.ts";

/** What a worker is asked to do; all workers begin when `gate[0]` counts `workers`. */
export interface CounterJob {
  readonly table: SharedArrayBuffer;
  readonly gate: SharedArrayBuffer;
  readonly workers: number;
  readonly seed: number;
  readonly steps: number;
  readonly keys: number;
  readonly limit: number;
  /** `churn`: enter and leave at random. `stay`: enter only. `tokens`: take tokens of one key. */
  readonly kind: "churn" | "stay" | "tokens";
  readonly rate: RateSpec;
  readonly nowMicros: number;
}

export interface CounterReport {
  /** Successful `enter`s, or tokens. */
  readonly taken: number;
  /** The most that were seen in one key at once, by all workers. */
  readonly most: number;
  readonly error?: string;
}

declare const self: Worker;

self.addEventListener("message", (event: MessageEvent<CounterJob>): void => {
  let report: CounterReport;
  try {
    report = run(event.data);
  } catch (error) {
    report = { taken: 0, most: 0, error: String(error) };
  }
  self.postMessage(report, []);
});

function run(job: CounterJob): CounterReport {
  const table = CounterTable.from(job.table);
  // After the number of arrivals: how many are in each key, counted apart from the table.
  const gate = new Int32Array(job.gate);
  const random = new Random(job.seed);
  const held: { key: number; slot: number }[] = [];
  let taken = 0;
  let most = 0;
  const leave = (): void => {
    const [gone] = held.splice(random.below(held.length), 1);
    if (gone === undefined) return;
    Atomics.sub(gate, 1 + gone.key, 1);
    table.leave(gone.slot);
  };
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < job.workers) Atomics.wait(gate, 0, Atomics.load(gate, 0), 1);
  for (let step = 0; step < job.steps; step++) {
    if (job.kind === "churn" && held.length > 0 && random.chance(2)) leave();
    const key = random.below(job.keys);
    const slot = table.enter(0, key + 1, job.kind === "tokens" ? 0 : job.limit, job.nowMicros);
    if (slot < 0) continue;
    if (job.kind === "tokens") {
      if (table.takeToken(slot, job.rate, job.nowMicros)) taken++;
      table.leave(slot);
      continue;
    }
    taken++;
    most = Math.max(most, Atomics.add(gate, 1 + key, 1) + 1);
    held.push({ key, slot });
  }
  if (job.kind === "churn") while (held.length > 0) leave();
  return { taken, most };
}
