// Counts in sliding windows, one for each key: what came in the window before counts by the part of it that is still inside.
// Bounded: when there are too many keys at once, those that come last share some thousand.

import { hashText } from "../../base/hash.ts";

/** A flood from everywhere must not take the memory: some 100 bytes a key. */
const MAX_KEYS = 65_536;
/** What keys beyond them share: whoever floods one fills few of the others. */
const SHARED_KEYS = 4_096;

export class SlidingWindows {
  readonly #capacity: number;
  readonly #windowMs: number;
  #window = 0;
  #current = new Map<string, number>();
  #before: ReadonlyMap<string, number> = new Map();

  /** `capacity` for each key in each `windowMs`. */
  constructor(capacity: number, windowMs: number) {
    this.#capacity = capacity;
    this.#windowMs = windowMs;
  }

  /** Counts one more of `key` and says true, or that there is no room for it. `nowMs`: monotonic milliseconds. */
  admit(key: string, nowMs: number): boolean {
    const window = Math.floor(nowMs / this.#windowMs);
    if (window !== this.#window) this.#turn(window);
    const known = this.#current.has(key) || this.#current.size < MAX_KEYS ? key : sharedKey(key);
    const count = this.#current.get(known) ?? 0;
    const inside = 1 - (nowMs - window * this.#windowMs) / this.#windowMs;
    if (count + (this.#before.get(known) ?? 0) * inside + 1 > this.#capacity) return false;
    this.#current.set(known, count + 1);
    return true;
  }

  #turn(window: number): void {
    this.#before = window === this.#window + 1 ? this.#current : new Map();
    this.#current = new Map();
    this.#window = window;
  }
}

/** None of a client's: those are JSON. */
function sharedKey(key: string): string {
  return `\0${hashText(key) % SHARED_KEYS}`;
}
