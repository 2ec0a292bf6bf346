// Live counts and token buckets of a bounded number of keys, in memory that several workers share. A key is 64 bits; it
// stays while somebody is in it or while its bucket is not full again, and its slot is reused after that, so a million
// strangers cost what a thousand do. Knows nothing of routes and addresses: admission.ts makes the keys.
//
// A key lives in one of the PROBES slots from its home on. To find, count and leave takes no lock: the state of a slot has
// its count and a generation, which changes with the key, so that a count can only go up under the key that was looked
// for. To move in takes the lock of the home, so that no key moves in twice.

import type { RateSpec } from "../../resource/limits.ts";
import { SpinLocks } from "./spin-locks.ts";

/** From `enter`: the key is at its limit. */
export const AT_LIMIT = -1;
/** From `enter`: every slot that the key could have is in use. */
export const NO_SLOT = -2;

/** Slots that a key may have. At a quarter full, the odds that as many neighbours are all in use are nil. */
const PROBES = 32;
/** Locks for moving in; a home uses the one of its last bits. */
const LOCKS = 64;

/** Bits of a slot's state: busy (the sign), generation, count. */
const COUNT_BITS = 22;
const MAX_COUNT = 2 ** COUNT_BITS - 1;
const ONE_GENERATION = 2 ** COUNT_BITS;
const BUSY = 1 << 31;

const MICROS_PER_SECOND = 1_000_000;

/** Bytes of a slot: when its bucket is full again (8), its key (4 + 4), its state (4). */
const SLOT_BYTES = 20;

/** A shared table of counters. Each worker makes its own object over the one buffer. */
export class CounterTable {
  /** To be posted to other workers. */
  readonly buffer: SharedArrayBuffer;

  readonly #mask: number;
  readonly #probes: number;
  readonly #locks: SpinLocks;
  /**
   * When a bucket is full again, in microseconds: GCRA's "theoretical arrival time". A column each, so that a search for
   * a key touches one or two cache lines.
   */
  readonly #fullAt: BigInt64Array;
  readonly #keyLow: Int32Array;
  readonly #keyHigh: Int32Array;
  readonly #state: Int32Array;

  private constructor(buffer: SharedArrayBuffer) {
    const slots = (buffer.byteLength - SpinLocks.bytes(LOCKS)) / SLOT_BYTES;
    const columns = SpinLocks.bytes(LOCKS);
    this.buffer = buffer;
    this.#mask = slots - 1;
    this.#probes = Math.min(PROBES, slots);
    this.#locks = new SpinLocks(buffer, LOCKS);
    this.#fullAt = new BigInt64Array(buffer, columns, slots);
    this.#keyLow = new Int32Array(buffer, columns + slots * 8, slots);
    this.#keyHigh = new Int32Array(buffer, columns + slots * 12, slots);
    this.#state = new Int32Array(buffer, columns + slots * 16, slots);
  }

  /** An empty table. `slots` is a power of two from 2 to 2^25. */
  static create(slots: number): CounterTable {
    if (!Number.isInteger(Math.log2(slots)) || slots < 2 || slots > 2 ** 25) {
      throw new Error(`A counter table cannot have ${slots} slots: wanted is a power of two from 2 to 2^25`);
    }
    return new CounterTable(new SharedArrayBuffer(SpinLocks.bytes(LOCKS) + slots * SLOT_BYTES));
  }

  /** The same table, in another worker. */
  static from(buffer: SharedArrayBuffer): CounterTable {
    return new CounterTable(buffer);
  }

  /**
   * Goes into a key that fewer than `limit` (0: any number) are in, and returns its slot for `takeToken` and `leave`;
   * otherwise AT_LIMIT or NO_SLOT. The key is two signed 32-bit integers, not both 0.
   */
  enter(keyHigh: number, keyLow: number, limit: number, nowMicros: number): number {
    const most = limit === 0 ? MAX_COUNT : Math.min(limit, MAX_COUNT);
    const found = this.#join(keyHigh, keyLow, most);
    return found === NO_SLOT ? this.#moveIn(keyHigh, keyLow, most, nowMicros) : found;
  }

  /** Takes one `enter` back. */
  leave(slot: number): void {
    const state = Atomics.sub(this.#state, slot, 1);
    if ((state & MAX_COUNT) !== 0) return;
    Atomics.add(this.#state, slot, 1);
    throw new Error(`Slot ${slot} of the counter table was left by more than had entered`);
  }

  /**
   * Takes a token of a slot that was entered and not left yet; false when its bucket is empty. Between two tokens of a
   * drained bucket are whole microseconds, rounded up: never more than `perSecond`.
   */
  takeToken(slot: number, { perSecond, burst }: RateSpec, nowMicros: number): boolean {
    const now = Math.floor(nowMicros);
    const interval = Math.ceil(MICROS_PER_SECOND / perSecond);
    const latest = now + Math.floor(interval * burst);
    for (;;) {
      const stored = Atomics.load(this.#fullAt, slot);
      const fullAt = Number(stored);
      const next = Math.max(fullAt, now) + interval;
      const taken = next <= latest;
      // Emptier than empty is what a larger burst before a reload leaves, or a clock that was set back.
      if (!taken && fullAt <= latest) return false;
      const wanted = BigInt(taken ? next : latest);
      if (Atomics.compareExchange(this.#fullAt, slot, stored, wanted) === stored) return taken;
    }
  }

  /** Counts one more in the slot of a key that has one: the slot, AT_LIMIT, or NO_SLOT. */
  #join(keyHigh: number, keyLow: number, most: number): number {
    for (let probe = 0; probe < this.#probes; probe++) {
      const slot = (keyLow + probe) & this.#mask;
      const low = Atomics.load(this.#keyLow, slot);
      if (low === keyLow) {
        const joined = this.#joinSlot(slot, keyHigh, keyLow, most);
        if (joined !== NO_SLOT) return joined;
      } else if (low === 0 && this.#neverUsed(slot)) {
        // Slots are never emptied, and a key takes the first that it may have: it cannot be further on.
        return NO_SLOT;
      }
    }
    return NO_SLOT;
  }

  #joinSlot(slot: number, keyHigh: number, keyLow: number, most: number): number {
    for (;;) {
      // The state first: while it stays, so does the key.
      const state = this.#stateOf(slot);
      if (state < 0) return NO_SLOT;
      if (Atomics.load(this.#keyLow, slot) !== keyLow) return NO_SLOT;
      if (Atomics.load(this.#keyHigh, slot) !== keyHigh) return NO_SLOT;
      if ((state & MAX_COUNT) >= most) return AT_LIMIT;
      if (Atomics.compareExchange(this.#state, slot, state, state + 1) === state) return slot;
    }
  }

  /** Whether no key has had this slot yet, nor is moving in. */
  #neverUsed(slot: number): boolean {
    if (this.#stateOf(slot) !== 0) return false;
    return Atomics.load(this.#keyLow, slot) === 0 && Atomics.load(this.#keyHigh, slot) === 0;
  }

  #moveIn(keyHigh: number, keyLow: number, most: number, nowMicros: number): number {
    const lock = keyLow & (LOCKS - 1);
    this.#locks.lock(lock);
    try {
      // Another worker may have moved the same key in while this one had no lock.
      const found = this.#join(keyHigh, keyLow, most);
      if (found !== NO_SLOT) return found;
      const slot = this.#claim(keyLow, nowMicros);
      if (slot === NO_SLOT) return NO_SLOT;
      Atomics.store(this.#keyLow, slot, keyLow);
      Atomics.store(this.#keyHigh, slot, keyHigh);
      Atomics.store(this.#fullAt, slot, 0n);
      // No longer busy, and the first is in.
      Atomics.store(this.#state, slot, (this.#stateOf(slot) & ~BUSY) + 1);
      return slot;
    } finally {
      this.#locks.unlock(lock);
    }
  }

  /** Makes a slot busy that nobody is in, with a new generation: nobody can enter it under its old key any more. */
  #claim(keyLow: number, nowMicros: number): number {
    for (;;) {
      const slot = this.#reusable(keyLow, nowMicros);
      if (slot === NO_SLOT) return NO_SLOT;
      const state = this.#stateOf(slot);
      if (state < 0 || (state & MAX_COUNT) !== 0) continue;
      const busy = (state + ONE_GENERATION) | BUSY;
      if (Atomics.compareExchange(this.#state, slot, state, busy) === state) return slot;
    }
  }

  /**
   * The first slot whose bucket is full: to forget it loses nothing. Otherwise the one that is full soonest: its source
   * gets the rest of its bucket for nothing, which is the price of a bounded table.
   */
  #reusable(keyLow: number, nowMicros: number): number {
    let best = NO_SLOT;
    let bestAt = Infinity;
    for (let probe = 0; probe < this.#probes; probe++) {
      const slot = (keyLow + probe) & this.#mask;
      const state = this.#stateOf(slot);
      if (state < 0 || (state & MAX_COUNT) !== 0) continue;
      const fullAt = Number(Atomics.load(this.#fullAt, slot));
      if (fullAt <= nowMicros) return slot;
      if (fullAt < bestAt) {
        best = slot;
        bestAt = fullAt;
      }
    }
    return best;
  }

  #stateOf(slot: number): number {
    return Atomics.load(this.#state, slot);
  }
}
