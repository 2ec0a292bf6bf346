import { describe, expect, test } from "bun:test";
import { Ejection, FAILURE_MEMORY_MS } from "../../../src/engine/health/ejection.ts";
import type { PassiveSpec } from "../../../src/resource/health.ts";
import { Random } from "../../support/random.ts";

const SPEC: PassiveSpec = { failures: 3, earlyResetMs: 0, ejectMs: 10_000, maxEjectMs: 60_000, ejectLast: false };
const START_MS = 5_000;

/** One that was ejected once, at START_MS, until START_MS + 10 s. */
function ejectedOnce(): Ejection {
  const ejection = new Ejection();
  for (let at = 0; at < SPEC.failures; at++) ejection.failed(SPEC, START_MS);
  ejection.eject(SPEC, START_MS);
  return ejection;
}

describe("Ejection", () => {
  test("asks for it after so many failures in a row", () => {
    const ejection = new Ejection();
    expect([1, 2, 3].map((at) => ejection.failed(SPEC, START_MS + at))).toEqual([false, false, true]);
    expect(ejection.ejected(START_MS + 3)).toBe(false);
    expect(ejection.eject(SPEC, START_MS + 3)).toBe(START_MS + 10_003);
    expect(ejection.untilMs).toBe(START_MS + 10_003);
    expect(ejection.count).toBe(1);
    expect([3, 10_002, 10_003].map((at) => ejection.ejected(START_MS + at))).toEqual([true, true, false]);
  });

  test("begins to count anew after a success", () => {
    const ejection = new Ejection();
    for (let round = 0; round < 5; round++) {
      expect(ejection.failed(SPEC, START_MS)).toBe(false);
      expect(ejection.failed(SPEC, START_MS)).toBe(false);
      ejection.succeeded(START_MS);
    }
  });

  test("forgets a failure that none followed within a minute", () => {
    const ejection = new Ejection();
    ejection.failed(SPEC, START_MS);
    ejection.failed(SPEC, START_MS + 1);
    expect(ejection.failed(SPEC, START_MS + 2 + FAILURE_MEMORY_MS)).toBe(false);
    expect(ejection.failed(SPEC, START_MS + 2 + 2 * FAILURE_MEMORY_MS)).toBe(false);
    expect(ejection.failed(SPEC, START_MS + 3 + 2 * FAILURE_MEMORY_MS)).toBe(true);
  });

  test("failures while it is ejected do not prolong it", () => {
    const ejection = ejectedOnce();
    for (let at = 0; at < 20; at++) expect(ejection.failed(SPEC, START_MS + at)).toBe(false);
    expect(ejection.eject(SPEC, START_MS + 20)).toBe(START_MS + 10_000);
    expect(ejection.count).toBe(1);
  });

  test("on probation one failure ejects it, each time twice as long, up to the longest", () => {
    const ejection = ejectedOnce();
    const lasted: number[] = [];
    for (let round = 0; round < 5; round++) {
      const now = ejection.untilMs;
      expect(ejection.failed(SPEC, now)).toBe(true);
      lasted.push(ejection.eject(SPEC, now) - now);
    }
    expect(lasted).toEqual([20_000, 40_000, 60_000, 60_000, 60_000]);
    expect(ejection.count).toBe(6);
  });

  test("a success ends probation, one while it is ejected does not", () => {
    const early = ejectedOnce();
    early.succeeded(START_MS + 9_999);
    expect(early.failed(SPEC, START_MS + 10_000)).toBe(true);
    const ejection = ejectedOnce();
    ejection.succeeded(START_MS + 10_000);
    expect(ejection.failed(SPEC, START_MS + 10_001)).toBe(false);
  });

  test("after its probation it is still ejected for twice as long, until it has worked for as long as it was out", () => {
    for (const [workedMs, lastsMs] of [
      [9_999, 20_000],
      [10_000, 10_000],
    ] as const) {
      const ejection = ejectedOnce();
      ejection.succeeded(START_MS + 10_000);
      const now = START_MS + 10_000 + workedMs;
      // Time that it spends failing is not time that it works.
      expect([0, 8_000, 16_000].map((ms) => ejection.failed(SPEC, now + ms))).toEqual([false, false, true]);
      expect(ejection.eject(SPEC, now + 16_000) - now - 16_000).toBe(lastsMs);
    }
  });

  test("one that stays in use because it is the last keeps its count: its next failure asks again", () => {
    const ejection = new Ejection();
    expect([0, 1, 2, 3, 4].map((at) => ejection.failed(SPEC, at))).toEqual([false, false, true, true, true]);
    expect(ejection.count).toBe(0);
    ejection.succeeded(5);
    expect(ejection.failed(SPEC, 6)).toBe(false);
    const onProbation = ejectedOnce();
    expect([0, 1].map((at) => onProbation.failed(SPEC, START_MS + 10_000 + at))).toEqual([true, true]);
    expect(onProbation.eject(SPEC, START_MS + 10_001)).toBe(START_MS + 30_001);
  });

  test("lifted, it is in use at once and nothing is remembered but how often it was ejected", () => {
    const ejection = ejectedOnce();
    ejection.lift();
    expect(ejection.ejected(START_MS)).toBe(false);
    expect(ejection.untilMs).toBe(0);
    expect([0, 1, 2].map((at) => ejection.failed(SPEC, START_MS + at))).toEqual([false, false, true]);
    expect(ejection.eject(SPEC, START_MS + 2) - START_MS - 2).toBe(10_000);
    expect(ejection.count).toBe(2);
  });

  test("takes the times of a changed plan from the next ejection on", () => {
    const ejection = ejectedOnce();
    const shorter: PassiveSpec = { ...SPEC, maxEjectMs: 15_000 };
    expect(ejection.eject(shorter, START_MS + 1)).toBe(START_MS + 10_000);
    const now = ejection.untilMs;
    expect(ejection.eject(shorter, now) - now).toBe(15_000);
  });

  test("whatever happens, ejections stay within their bounds and never begin without enough failures", () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = new Random(seed);
      const spec: PassiveSpec = { ...SPEC, failures: 1 + random.below(4) };
      const ejection = new Ejection();
      let now = random.below(100_000);
      let sinceGood = 0;
      let provenSinceEjection = true;
      for (let step = 0; step < 200; step++) {
        now += random.chance(10) ? random.below(100_000) : random.below(2_000);
        const wasEjected = ejection.ejected(now);
        if (random.chance(30)) {
          ejection.lift();
          sinceGood = 0;
          provenSinceEjection = true;
        } else if (random.chance(3)) {
          ejection.succeeded(now);
          if (!wasEjected) {
            sinceGood = 0;
            provenSinceEjection = true;
          }
        } else {
          const asks = ejection.failed(spec, now);
          if (!wasEjected) sinceGood++;
          if (asks) expect(!wasEjected && (sinceGood >= spec.failures || !provenSinceEjection)).toBe(true);
          if (!asks || random.chance(4)) continue;
          const before = ejection.count;
          const lasts = ejection.eject(spec, now) - now;
          expect(lasts).toBeGreaterThanOrEqual(spec.ejectMs);
          expect(lasts).toBeLessThanOrEqual(spec.maxEjectMs);
          expect(ejection.count).toBe(before + 1);
          sinceGood = 0;
          provenSinceEjection = false;
        }
      }
    }
  });
});
