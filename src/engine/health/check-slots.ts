// How many checks hold a socket at once: everybody asks for a slot, and has it in the order of asking. A slot is used until
// the socket is gone, so what is used here is what the descriptors are counted by. Knows nothing of what is checked.
//
// Who waits for nothing but a peer's FIN is `yielding`: it keeps its slot only while nobody waits for one.

/** Until the engine says what the descriptors allow. */
const FIRST_SIZE = 16;

/** Who needs a slot now and then, one at a time. */
export interface SlotUser {
  /** Has a slot from now on, until it frees it. */
  turn(): void;
  /** Somebody waits for the slot that it would yield: frees it before this returns. */
  giveWay(): void;
}

export class CheckSlots {
  #size = FIRST_SIZE;
  /** In the order of asking. */
  readonly #waiting = new Set<SlotUser>();
  readonly #using = new Set<SlotUser>();
  /** Those of the users that would give theirs away, the longest first. */
  readonly #yielding = new Set<SlotUser>();

  /** Slots in use: each may hold a descriptor. */
  get used(): number {
    return this.#using.size;
  }

  /** Lets `size` use one at once, at least 1. Those that are above it by now keep theirs. */
  resize(size: number): void {
    this.#size = size;
    this.#serve();
  }

  /** Has its turn as soon as there is a slot, which may be before this returns. */
  ask(user: SlotUser): void {
    this.#waiting.add(user);
    this.#serve();
  }

  /** It has a slot, and hardly needs it any more. Means nothing when it has none. */
  yield(user: SlotUser): void {
    if (!this.#using.has(user)) return;
    this.#yielding.add(user);
    this.#serve();
  }

  /** It needs no slot: leaves the line, or frees the one it has. */
  free(user: SlotUser): void {
    this.#waiting.delete(user);
    this.#yielding.delete(user);
    if (this.#using.delete(user)) this.#serve();
  }

  /** Whoever waits has no turn any more. */
  close(): void {
    this.#waiting.clear();
  }

  #serve(): void {
    // Each turn may change everything, so nothing is kept from one round to the next.
    for (let [next] = this.#waiting; next !== undefined; [next] = this.#waiting) {
      if (this.#using.size < this.#size) {
        this.#waiting.delete(next);
        this.#using.add(next);
        next.turn();
      } else {
        const [oldest] = this.#yielding;
        if (oldest === undefined) return;
        this.#yielding.delete(oldest);
        oldest.giveWay();
      }
    }
  }
}
