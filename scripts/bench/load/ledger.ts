// What the two ends of the load process know of each other: the transfers under way, and the first thing that failed.

import type { Transfer } from "./transfer.ts";

/** Shared by the backend and the clients of one load process. */
export class Ledger {
  /** Transfers of the running job by number; a backend connection finds its own here. */
  readonly transfers = new Map<number, Transfer>();
  #failure: Error | undefined;
  #onFailure: (error: Error) => void = () => {};

  /** Remembers the first failure and ends the running job with it. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#onFailure(error);
  }

  /** Runs one job; rejects when anything failed before or while it ran. */
  async run<Result>(job: () => Promise<Result>): Promise<Result> {
    const failed = new Promise<never>((_, reject) => {
      this.#onFailure = reject;
    });
    const result = await Promise.race([job(), failed]);
    if (this.#failure !== undefined) throw this.#failure;
    return result;
  }
}
