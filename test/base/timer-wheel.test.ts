import { describe, expect, test } from "bun:test";
import { TICK_MS, TimerWheel, WheelEntry } from "../../src/base/timer-wheel.ts";
import { ManualClock } from "../support/manual-clock.ts";

class Entry extends WheelEntry {
  firedAt: number[] = [];
  onExpired: (() => void) | null = null;

  override expired(nowMs: number): void {
    this.firedAt.push(nowMs);
    this.onExpired?.();
  }
}

describe("TimerWheel", () => {
  test("fires an entry once, never early and at most one tick late", () => {
    const clock = new ManualClock(12_345);
    const wheel = new TimerWheel(clock);
    const dues = [0, 1, 99, 100, 101, 5_000, 102_300, 102_400, 102_500, 3_600_000];
    const entries = dues.map((due) => {
      const entry = new Entry();
      wheel.schedule(entry, clock.now() + due);
      return entry;
    });
    clock.pass(3_700_000);
    for (const [at, due] of dues.entries()) {
      const fired = entries[at]?.firedAt ?? [];
      expect(fired).toHaveLength(1);
      const late = (fired[0] ?? 0) - (12_345 + due);
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThanOrEqual(2 * TICK_MS);
    }
  });

  test("does not fire what was cancelled or moved away", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const [cancelled, moved] = [new Entry(), new Entry()];
    wheel.schedule(cancelled, clock.now() + 500);
    wheel.schedule(moved, clock.now() + 500);
    wheel.schedule(moved, clock.now() + 2_000);
    wheel.cancel(cancelled);
    wheel.cancel(cancelled);
    clock.pass(1_500);
    expect([cancelled.firedAt, moved.firedAt]).toEqual([[], []]);
    clock.pass(1_000);
    expect(moved.firedAt).toHaveLength(1);
  });

  test("lets an expired entry schedule itself and cancel another of its slot", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const [first, second] = [new Entry(), new Entry()];
    wheel.schedule(first, clock.now() + 300);
    wheel.schedule(second, clock.now() + 300);
    first.onExpired = () => {
      wheel.cancel(second);
      if (first.firedAt.length < 3) wheel.schedule(first, clock.now());
    };
    clock.pass(2_000);
    expect(first.firedAt).toHaveLength(3);
    expect(second.firedAt).toHaveLength(0);
  });

  test("fires everything that is due after the event loop stood still", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    const entries = Array.from({ length: 3_000 }, (_, at) => {
      const entry = new Entry();
      wheel.schedule(entry, clock.now() + at * 97);
      return entry;
    });
    clock.jump(1_000_000);
    clock.pass(TICK_MS);
    expect(entries.filter((entry) => entry.firedAt.length === 1)).toHaveLength(3_000);
  });

  test("ticks only while something is scheduled", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    expect(clock.ticking).toBe(false);
    const entry = new Entry();
    wheel.schedule(entry, clock.now() + 50);
    expect(clock.ticking).toBe(true);
    clock.pass(1_000);
    expect(clock.ticking).toBe(false);
    expect(wheel.scheduled).toBe(0);
  });

  test("agrees with a sorted list for random schedules", () => {
    const clock = new ManualClock();
    const wheel = new TimerWheel(clock);
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed % below;
    };
    const entries = Array.from({ length: 200 }, () => new Entry());
    const due = new Map<Entry, number>();
    for (let step = 0; step < 2_000; step++) {
      const entry = entries[random(entries.length)];
      if (entry === undefined) continue;
      if (random(3) === 0) {
        wheel.cancel(entry);
        due.delete(entry);
      } else {
        const at = clock.now() + random(300_000);
        wheel.schedule(entry, at);
        due.set(entry, at);
      }
      const before = entries.map((each) => each.firedAt.length);
      clock.pass(TICK_MS * random(20));
      for (const [at, each] of entries.entries()) {
        if (each.firedAt.length === before[at]) continue;
        expect(due.get(each) ?? Number.POSITIVE_INFINITY).toBeLessThanOrEqual(clock.now());
        due.delete(each);
      }
      for (const dueMs of due.values()) expect(dueMs).toBeGreaterThan(clock.now() - 2 * TICK_MS);
      expect(wheel.scheduled).toBe(due.size);
    }
  });
});
