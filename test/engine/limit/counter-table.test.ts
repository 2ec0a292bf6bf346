import { expect, test } from "bun:test";
import { AT_LIMIT, CounterTable, NO_SLOT } from "../../../src/engine/limit/counter-table.ts";
import { Random } from "../../support/random.ts";

const NOW = 1_700_000_000_000_000;
const SECOND = 1_000_000;
const TEN = { perSecond: 10, burst: 3 };

/** Takes a token of a key at a time, being in it only for that. */
function token(table: CounterTable, key: number, nowMicros: number, rate = TEN): boolean {
  const slot = table.enter(0, key, 0, nowMicros);
  expect(slot).toBeGreaterThanOrEqual(0);
  try {
    return table.takeToken(slot, rate, nowMicros);
  } finally {
    table.leave(slot);
  }
}

test("as many enter as the limit says, and who leaves makes room", () => {
  const table = CounterTable.create(64);
  const slot = table.enter(1, 2, 2, NOW);
  expect(table.enter(1, 2, 2, NOW)).toBe(slot);
  expect(table.enter(1, 2, 2, NOW)).toBe(AT_LIMIT);
  table.leave(slot);
  expect(table.enter(1, 2, 2, NOW)).toBe(slot);
  expect(table.enter(1, 2, 2, NOW)).toBe(AT_LIMIT);
});

test("keys that differ in either half are different, and negative halves are keys too", () => {
  const table = CounterTable.create(64);
  const keys = [
    [1, 2],
    [2, 2],
    [1, 3],
    [0, 2],
    [2, 0],
    [-1, 2],
    [-1, -2],
  ] as const;
  const slots = keys.map(([high, low]) => table.enter(high, low, 1, NOW));
  expect(new Set(slots).size).toBe(keys.length);
  for (const [high, low] of keys) expect(table.enter(high, low, 1, NOW)).toBe(AT_LIMIT);
});

test("without a limit any number enters", () => {
  const table = CounterTable.create(64);
  for (let count = 0; count < 10_000; count++) expect(table.enter(1, 2, 0, NOW)).toBeGreaterThanOrEqual(0);
});

test("when every slot in reach is in use the next key is refused, and the others go on", () => {
  const table = CounterTable.create(4);
  const slots = [1, 2, 3, 4].map((key) => table.enter(0, key, 0, NOW));
  expect(table.enter(0, 5, 0, NOW)).toBe(NO_SLOT);
  expect(table.enter(0, 4, 0, NOW)).toBe(slots[3] ?? -1);
  table.leave(slots[1] ?? -1);
  expect(table.enter(0, 5, 0, NOW)).toBe(slots[1] ?? -1);
});

test("a key reaches 32 slots of a large table, and no more", () => {
  const table = CounterTable.create(64);
  for (let key = 1; key <= 32; key++) expect(table.enter(key, 7, 1, NOW)).toBeGreaterThanOrEqual(0);
  expect(table.enter(33, 7, 1, NOW)).toBe(NO_SLOT);
  expect(table.enter(33, 7 + 32, 1, NOW)).toBeGreaterThanOrEqual(0);
});

test("who leaves more often than it entered is told, and the count stays right", () => {
  const table = CounterTable.create(64);
  const slot = table.enter(1, 2, 1, NOW);
  table.leave(slot);
  expect(() => table.leave(slot)).toThrow("left by more than had entered");
  expect(table.enter(1, 2, 1, NOW)).toBe(slot);
  expect(table.enter(1, 2, 1, NOW)).toBe(AT_LIMIT);
});

test("a bucket gives its burst at once, and then a token whenever one has come back", () => {
  const table = CounterTable.create(64);
  expect([1, 2, 3, 4].map(() => token(table, 1, NOW))).toEqual([true, true, true, false]);
  expect(token(table, 1, NOW + 99_999)).toBe(false);
  expect(token(table, 1, NOW + 100_000)).toBe(true);
  expect(token(table, 1, NOW + 100_000)).toBe(false);
  expect([1, 2, 3, 4].map(() => token(table, 1, NOW + 60 * SECOND))).toEqual([true, true, true, false]);
});

test("over any time no more tokens are given than burst and rate allow, and hardly fewer to who keeps asking", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const random = new Random(seed);
    const table = CounterTable.create(64);
    const rate = { perSecond: (1 + random.below(2_000)) / (1 + random.below(20)), burst: 1 + random.below(50) };
    let now = NOW;
    let given = 0;
    for (let ask = 0; ask < 2_000; ask++) {
      now += random.below((2 * SECOND) / rate.perSecond);
      if (token(table, 1, now, rate)) given++;
      const allowed = rate.burst + ((now - NOW) / SECOND) * rate.perSecond;
      expect(given, `seed ${seed}`).toBeLessThanOrEqual(Math.floor(allowed + 1e-6));
    }
    expect(given, `seed ${seed}`).toBeGreaterThan(1_000);
  }
});

test("a rate of less than one a second is kept", () => {
  const table = CounterTable.create(64);
  const rate = { perSecond: 1 / 60, burst: 1 };
  expect(token(table, 1, NOW, rate)).toBe(true);
  expect(token(table, 1, NOW + 59 * SECOND, rate)).toBe(false);
  expect(token(table, 1, NOW + 61 * SECOND, rate)).toBe(true);
});

test("a bucket is never emptier than empty, after a reload or a clock that was set back", () => {
  const table = CounterTable.create(64);
  for (let at = 0; at < 100; at++) token(table, 1, NOW, { perSecond: 1, burst: 100 });
  const smaller = { perSecond: 1, burst: 2 };
  expect(token(table, 1, NOW, smaller)).toBe(false);
  expect(token(table, 1, NOW + SECOND, smaller)).toBe(true);
  const hourEarlier = NOW - 3_600 * SECOND;
  expect(token(table, 1, hourEarlier, smaller)).toBe(false);
  expect(token(table, 1, hourEarlier + SECOND, smaller)).toBe(true);
});

test("who has spent its tokens and left is still known while others come", () => {
  const table = CounterTable.create(64);
  while (token(table, 1, NOW)) continue;
  for (let key = 2; key <= 1_000; key++) {
    const slot = table.enter(0, key, 0, NOW);
    table.leave(slot);
  }
  expect(token(table, 1, NOW)).toBe(false);
});

test("when all in reach have spent tokens, the one whose bucket is full soonest makes room", () => {
  const table = CounterTable.create(4);
  for (const [key, spent] of [
    [1, 3],
    [2, 1],
    [3, 3],
    [4, 2],
  ] as const) {
    for (let count = 0; count < spent; count++) token(table, key, NOW);
  }
  expect(token(table, 5, NOW, { perSecond: 1, burst: 1 })).toBe(true);
  // 1, 3 and 4 are as they were.
  expect([token(table, 1, NOW), token(table, 3, NOW)]).toEqual([false, false]);
  expect([token(table, 4, NOW), token(table, 4, NOW)]).toEqual([true, false]);
  expect(token(table, 5, NOW, { perSecond: 1, burst: 1 })).toBe(false);
});

test("a slot that changes hands brings nothing along", () => {
  const table = CounterTable.create(2);
  // More often than there are generations in a slot's state.
  for (let key = 1; key <= 2_000; key++) {
    expect(
      [1, 2, 3, 4].map(() => token(table, key, NOW)),
      `key ${key}`,
    ).toEqual([true, true, true, false]);
    expect(table.enter(0, key, 2, NOW)).toBeGreaterThanOrEqual(0);
    const slot = table.enter(0, key, 2, NOW);
    expect(table.enter(0, key, 2, NOW)).toBe(AT_LIMIT);
    table.leave(slot);
    table.leave(slot);
  }
});

test("a million sources take no more memory than one, and drive out nobody who is there", () => {
  const table = CounterTable.create(4_096);
  const { byteLength } = table.buffer;
  const random = new Random(5);
  const own = table.enter(77, 88, 3, NOW);
  table.enter(77, 88, 3, NOW);
  while (table.takeToken(own, TEN, NOW)) continue;
  let refused = 0;
  for (let at = 0; at < 1_000_000; at++) {
    const slot = table.enter(at | 1, random.below(2 ** 32) | 0, 20, NOW + at / 100);
    if (slot < 0 || !table.takeToken(slot, TEN, NOW + at / 100)) refused++;
    if (slot >= 0) table.leave(slot);
  }
  expect(refused).toBe(0);
  expect(table.buffer.byteLength).toBe(byteLength);
  expect(byteLength).toBeLessThan(100_000);
  expect(table.takeToken(own, TEN, NOW + 9_999)).toBe(false);
  expect(table.enter(77, 88, 3, NOW)).toBe(own);
  expect(table.enter(77, 88, 3, NOW)).toBe(AT_LIMIT);
});

test("two tables on one buffer are one table", () => {
  const table = CounterTable.create(64);
  const other = CounterTable.from(table.buffer);
  const slot = table.enter(1, 2, 1, NOW);
  expect(other.enter(1, 2, 1, NOW)).toBe(AT_LIMIT);
  other.leave(slot);
  expect(other.enter(1, 2, 1, NOW)).toBe(slot);
});

test("a table has a power of two of slots", () => {
  for (const slots of [0, 1, 3, 100, -4, 2.5, 2 ** 26]) {
    expect(() => CounterTable.create(slots), String(slots)).toThrow("wanted is a power of two");
  }
});
