import { expect, test } from "bun:test";
import { AT_LIMIT, CounterTable } from "../../../src/engine/limit/counter-table.ts";
import type { CounterJob, CounterReport } from "../../support/counter-worker.ts";

const WORKERS = 4;
const NOW = 1_000_000_000;

/** Lets four workers do the job at once on one table; their reports. */
async function hammer(
  table: CounterTable,
  job: Pick<CounterJob, "kind" | "steps" | "keys" | "limit"> & Partial<CounterJob>,
): Promise<CounterReport[]> {
  const gate = new SharedArrayBuffer(4 * (1 + job.keys));
  const rate = { perSecond: 10, burst: 20 };
  const shared = { table: table.buffer, gate, workers: WORKERS, rate, nowMicros: NOW };
  return Promise.all(
    Array.from({ length: WORKERS }, async (_, at) => {
      const worker = new Worker(new URL("../../support/counter-worker.ts", import.meta.url));
      try {
        const report = await new Promise<CounterReport>((resolve, reject) => {
          worker.addEventListener("message", (event: MessageEvent<CounterReport>) => resolve(event.data));
          worker.addEventListener("error", (event) => reject(new Error(event.message)));
          worker.postMessage({ ...shared, seed: at + 1, ...job } satisfies CounterJob, []);
        });
        expect(report.error).toBeUndefined();
        return report;
      } finally {
        worker.terminate();
      }
    }),
  );
}

function sum(reports: readonly CounterReport[]): number {
  return reports.reduce((total, { taken }) => total + taken, 0);
}

test("workers that hammer one key are never more in it than its limit", async () => {
  const table = CounterTable.create(4_096);
  const reports = await hammer(table, { kind: "churn", steps: 40_000, keys: 1, limit: 7 });
  for (const { most } of reports) expect(most).toBeLessThanOrEqual(7);
  // Nothing leaked: all seven places are free again.
  const after = Array.from({ length: 8 }, () => table.enter(0, 1, 7, NOW));
  expect(after.filter((slot) => slot >= 0).length).toBe(7);
  expect(after.at(-1)).toBe(AT_LIMIT);
});

test("exactly as many enter as the limit says, whoever they are", async () => {
  const table = CounterTable.create(4_096);
  expect(sum(await hammer(table, { kind: "stay", steps: 500, keys: 1, limit: 123 }))).toBe(123);
});

test("limits hold while keys drive each other out of a table that is far too small", async () => {
  const table = CounterTable.create(32);
  const reports = await hammer(table, { kind: "churn", steps: 40_000, keys: 200, limit: 2 });
  for (const { most } of reports) expect(most).toBeLessThanOrEqual(2);
  expect(sum(reports)).toBeGreaterThan(1_000);
  // Nobody is in any slot any more: each takes a new key.
  const slots = Array.from({ length: 32 }, (_, at) => table.enter(9, 1_000 + at, 1, NOW));
  expect(new Set(slots).size).toBe(32);
  expect(Math.min(...slots)).toBe(0);
});

test("a key that all workers bring at once has one slot", async () => {
  const table = CounterTable.create(4_096);
  const reports = await hammer(table, { kind: "stay", steps: 20_000, keys: 1_000, limit: 3 });
  expect(sum(reports)).toBe(3_000);
});

test("workers take no more tokens together than the bucket has", async () => {
  const table = CounterTable.create(4_096);
  const job = { kind: "tokens", steps: 2_000, keys: 1, limit: 0 } as const;
  expect(sum(await hammer(table, job))).toBe(20);
  expect(sum(await hammer(table, { ...job, nowMicros: NOW + 1_500_000 }))).toBe(15);
});
