// One attempt to reach one target: a connection, and what has to be said on it first. The runtime cannot cancel a connect
// (oven-sh/bun has no such call), so one that was given up stays counted until it settles, and its socket is aborted
// should it still open.

import type { Socket, DialOwner } from "../../socket/socket.ts";
import type { EngineCounters } from "../counters.ts";
import type { Target } from "../pool/target.ts";
import { introduce, type Introducing, type Introduction } from "./introduction.ts";

/** Who waits for the attempt. */
export interface Dialling {
  reached(dial: Dial, socket: Socket): void;
  failedToReach(dial: Dial, error: Error): void;
}

/** Hears that a dial which was given up has settled: its target may be dialled again. */
export interface DialHome {
  settledLate(target: Target): void;
}

export class Dial implements DialOwner, Introducing {
  readonly target: Target;
  #waiting: Dialling | null;
  readonly #counters: EngineCounters;
  readonly #home: DialHome;
  /** What the target hears first; `null`: nothing of ours. */
  readonly #introduction: Introduction | null;
  /** While that is being said. */
  #introducing: { cancel(): void } | null = null;

  constructor(
    target: Target,
    waiting: Dialling,
    home: DialHome,
    counters: EngineCounters,
    introduction: Introduction | null,
  ) {
    this.target = target;
    this.#waiting = waiting;
    this.#home = home;
    this.#counters = counters;
    this.#introduction = introduction;
  }

  /** Nobody waits any more. */
  abandon(): void {
    if (this.#waiting === null) return;
    this.#waiting = null;
    if (this.#introducing !== null) return this.#introducing.cancel();
    this.#counters.abandonedDials++;
    this.target.abandonedDials++;
  }

  opened(socket: Socket): void {
    if (this.#introduction === null || this.#waiting === null) {
      const waiting = this.#settle();
      if (waiting === null) socket.terminate();
      else waiting.reached(this, socket);
      return;
    }
    this.#introducing = introduce(socket, this.#introduction, this);
  }

  introduced(socket: Socket): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.reached(this, socket);
  }

  notIntroduced(error: Error): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.failedToReach(this, error);
  }

  unreachable(error: Error): void {
    this.#settle()?.failedToReach(this, error);
  }

  #settle(): Dialling | null {
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#counters.abandonedDials--;
      this.target.abandonedDials--;
      this.#home.settledLate(this.target);
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
