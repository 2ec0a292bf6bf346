// The bench's end of the load process: starts it, gives it one order at a time and bounds each in time.

import { stop, track } from "./children.ts";
import type { Answer, Order, Work } from "./load/protocol.ts";

/** What any order may take beyond the time it asks for: opening thousands of connections, draining buffers. */
const ORDER_GRACE_MS = 30_000;

/** A running load process. */
export class LoadClient {
  readonly #child: Bun.Subprocess;
  #answered: (answer: Answer) => void = () => {};

  constructor() {
    this.#child = track(
      Bun.spawn([process.execPath, `${import.meta.dir}/load.ts`], {
        stdio: ["ignore", "inherit", "inherit"],
        ipc: (answer: Answer) => this.#answered(answer),
      }),
    );
  }

  /** Carries out one order. Throws when bytes were lost, a connection failed, or it took too long. */
  async order(order: Order): Promise<Work> {
    const answer = await new Promise<Answer>((resolve) => {
      const limitMs = ORDER_GRACE_MS + ("seconds" in order ? order.seconds * 1000 : 0);
      const timer = setTimeout(() => resolve({ error: `Not done within ${limitMs} ms` }), limitMs);
      const settle = (result: Answer): void => {
        clearTimeout(timer);
        resolve(result);
      };
      this.#answered = settle;
      void this.#child.exited.then((code) => settle({ error: `The load process exited with ${code}` }));
      this.#child.send(order);
    });
    if ("error" in answer) throw new Error(answer.error);
    return answer.work;
  }

  /** Ends the load process. */
  async stop(): Promise<void> {
    await stop(this.#child);
  }
}
