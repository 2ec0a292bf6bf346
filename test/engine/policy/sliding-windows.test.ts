import { describe, expect, test } from "bun:test";

import { SlidingWindows } from "../../../src/engine/policy/sliding-windows.ts";

const MINUTE = 60_000;

/** How many of `count` at one time are admitted. */
function admitted(windows: SlidingWindows, key: string, count: number, nowMs: number): number {
  return Array.from({ length: count }).filter(() => windows.admit(key, nowMs)).length;
}

describe("a sliding window", () => {
  test("admits its capacity, for each key by itself", () => {
    const windows = new SlidingWindows(3, MINUTE);
    expect([admitted(windows, "a", 5, 0), admitted(windows, "b", 2, 0), admitted(windows, "b", 5, 0)]).toEqual([
      3, 2, 1,
    ]);
  });

  test("counts what came in the window before by the part that is still inside", () => {
    const windows = new SlidingWindows(10, MINUTE);
    expect(admitted(windows, "a", 20, 0)).toBe(10);
    expect(admitted(windows, "a", 20, MINUTE)).toBe(0);
    expect(admitted(windows, "a", 20, 1.5 * MINUTE)).toBe(5);
    expect(admitted(windows, "a", 20, 3 * MINUTE)).toBe(10);
  });

  test("never admits more than its capacity in any time as long as the window", () => {
    const windows = new SlidingWindows(100, MINUTE);
    const times: number[] = [];
    for (let nowMs = 0; nowMs < 10 * MINUTE; nowMs += 100) if (windows.admit("a", nowMs)) times.push(nowMs);
    for (const from of times) {
      // Arrivals are taken to be spread evenly over the window before, as ngrok does it.
      expect(times.filter((each) => each >= from && each < from + MINUTE).length).toBeLessThanOrEqual(101);
    }
  });

  test("goes on after a time without anybody, and when the clock stands still or goes back", () => {
    const windows = new SlidingWindows(1, MINUTE);
    expect([windows.admit("a", 5 * MINUTE), windows.admit("a", 5 * MINUTE)]).toEqual([true, false]);
    expect(windows.admit("a", 100 * MINUTE)).toBe(true);
    expect(windows.admit("a", 2 * MINUTE)).toBe(true);
  });

  test("with more keys than it keeps lets the later ones share, and few of them by one that floods", () => {
    const windows = new SlidingWindows(2, MINUTE);
    for (let key = 0; key < 65_536; key++) windows.admit(`flood ${key}`, 0);
    expect(admitted(windows, "late", 10, 0)).toBe(2);
    const others = Array.from({ length: 200 }, (_, key) => admitted(windows, `other ${key}`, 1, 0));
    expect(others.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(190);
    // Those that came first have windows of their own.
    expect(windows.admit("flood 1", 0)).toBe(true);
  });
});
