// Deadlines for tens of thousands of connections at the cost of one interval timer: a hashed wheel of linked lists.
// Scheduling and cancelling are a few assignments and allocate nothing. It also keeps the coarse clock that the data
// path stamps activity with, so that a chunk costs no system call. Knows nothing of what its entries stand for.

/** Resolution of every timeout, in milliseconds. Coarse on purpose: the shortest default timeout is seconds. */
export const TICK_MS = 100;

/** One turn of the wheel is 102.4 s; entries further away stay in their slot and are looked at once a turn. */
const SLOTS = 1024;

/** Monotonic time and a repeating timer; tests pass their own. */
export interface WheelClock {
  /** Milliseconds, monotonic. */
  now(): number;
  /** Calls `tick` about every `ms` until the returned function is called. Must not keep the process alive. */
  every(ms: number, tick: () => void): () => void;
}

/** The clock of the machine. */
export const machineClock: WheelClock = {
  now: () => performance.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Something with at most one deadline. Subclass it; the links are the wheel's. */
export abstract class WheelEntry {
  nextEntry: WheelEntry | null = null;
  previousEntry: WheelEntry | null = null;
  dueMs = 0;

  /** Called once when the deadline has passed; the entry is no longer scheduled and may schedule itself again. */
  abstract expired(nowMs: number): void;
}

class Slot extends WheelEntry {
  constructor() {
    super();
    this.nextEntry = this;
    this.previousEntry = this;
  }

  override expired(): void {}
}

export class TimerWheel {
  /** Coarse monotonic time in milliseconds, at most one tick old while anything is scheduled or the wheel is held. */
  nowMs: number;

  readonly #clock: WheelClock;
  readonly #slots = Array.from({ length: SLOTS }, () => new Slot());
  #tick: number;
  #scheduled = 0;
  #held = 0;
  #stop: (() => void) | null = null;

  constructor(clock: WheelClock = machineClock) {
    this.#clock = clock;
    this.nowMs = clock.now();
    this.#tick = Math.floor(this.nowMs / TICK_MS);
  }

  /** How many entries have a deadline. */
  get scheduled(): number {
    return this.#scheduled;
  }

  /** Keeps the clock going, with or without deadlines, until `release`. For whoever stamps activity with `nowMs`. */
  hold(): void {
    this.#held++;
    if (this.#stop === null) this.#start();
  }

  /** Takes one `hold` back. */
  release(): void {
    this.#held--;
  }

  /** Sets the entry's deadline, replacing an earlier one. It fires up to one tick late, never early. */
  schedule(entry: WheelEntry, dueMs: number): void {
    if (entry.nextEntry !== null) this.#unlink(entry);
    if (this.#stop === null) this.#start();
    entry.dueMs = dueMs;
    this.#link(entry);
  }

  /** Forgets the entry's deadline, if it has one. */
  cancel(entry: WheelEntry): void {
    if (entry.nextEntry !== null) this.#unlink(entry);
  }

  #start(): void {
    this.nowMs = this.#clock.now();
    this.#tick = Math.floor(this.nowMs / TICK_MS);
    this.#stop = this.#clock.every(TICK_MS, () => this.#advance());
  }

  #advance(): void {
    this.nowMs = this.#clock.now();
    const tick = Math.floor(this.nowMs / TICK_MS);
    // After a stall one full turn visits every slot, more would visit them twice.
    const first = Math.max(this.#tick + 1, tick - SLOTS + 1);
    for (let at = first; at <= tick; at++) {
      this.#tick = at;
      this.#sweep(this.#slotAt(at));
    }
    if (this.#scheduled === 0 && this.#held === 0 && this.#stop !== null) {
      this.#stop();
      this.#stop = null;
    }
  }

  #sweep(slot: WheelEntry): void {
    // The list is moved aside first: what an expired entry schedules or cancels may be in this very slot.
    const aside = new Slot();
    const first = slot.nextEntry;
    const last = slot.previousEntry;
    if (first === null || last === null || first === slot) return;
    aside.nextEntry = first;
    aside.previousEntry = last;
    first.previousEntry = aside;
    last.nextEntry = aside;
    slot.nextEntry = slot;
    slot.previousEntry = slot;
    for (let entry = aside.nextEntry; entry !== null && entry !== aside; entry = aside.nextEntry) {
      this.#unlink(entry);
      if (entry.dueMs <= this.nowMs) entry.expired(this.nowMs);
      else this.#link(entry);
    }
  }

  #slotAt(tick: number): Slot {
    const slot = this.#slots[tick % SLOTS];
    if (slot === undefined) throw new Error(`Timer wheel has no slot for tick ${tick}`);
    return slot;
  }

  #link(entry: WheelEntry): void {
    // Rounded up so that a slot is never swept before its entries are due, and never into the slot being swept now.
    const tick = Math.max(Math.ceil(entry.dueMs / TICK_MS), this.#tick + 1);
    const slot = this.#slotAt(tick);
    const last = slot.previousEntry ?? slot;
    entry.nextEntry = slot;
    entry.previousEntry = last;
    last.nextEntry = entry;
    slot.previousEntry = entry;
    this.#scheduled++;
  }

  #unlink(entry: WheelEntry): void {
    const { nextEntry, previousEntry } = entry;
    if (nextEntry === null || previousEntry === null) return;
    nextEntry.previousEntry = previousEntry;
    previousEntry.nextEntry = nextEntry;
    entry.nextEntry = null;
    entry.previousEntry = null;
    this.#scheduled--;
  }
}
