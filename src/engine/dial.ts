// One attempt to reach one address of a target. The runtime cannot cancel an attempt (bun.md 1.8), so one that was given
// up stays counted until it settles, and its socket is aborted should it still open.

import type { Socket, DialOwner } from "../socket/socket.ts";
import type { EngineCounters } from "./counters.ts";
import type { Choice } from "./pool.ts";

/** Who waits for the attempt. */
export interface Dialling {
  reached(dial: Dial, socket: Socket): void;
  failedToReach(dial: Dial, error: Error): void;
}

export class Dial implements DialOwner {
  readonly choice: Choice;
  #waiting: Dialling | null;
  readonly #counters: EngineCounters;

  constructor(choice: Choice, waiting: Dialling, counters: EngineCounters) {
    this.choice = choice;
    this.#waiting = waiting;
    this.#counters = counters;
  }

  /** Nobody waits any more. */
  abandon(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    this.#counters.abandonedDials++;
    this.choice.target.abandonedDials++;
  }

  opened(socket: Socket): void {
    const waiting = this.#settle();
    if (waiting === null) socket.terminate();
    else waiting.reached(this, socket);
  }

  unreachable(error: Error): void {
    this.#settle()?.failedToReach(this, error);
  }

  #settle(): Dialling | null {
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#counters.abandonedDials--;
      this.choice.target.abandonedDials--;
    }
    this.#waiting = null;
    return waiting;
  }

  // An open socket belongs to the pipe from `reached` on; these are for one that was aborted because nobody waited.
  received(): void {}
  writable(): void {}
  ended(): void {}
  closed(): void {}
  failed(): void {}
}
