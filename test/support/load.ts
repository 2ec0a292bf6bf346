// Many short clients, some at a time, for as long as a test wants: what each of them met, in the order they began.

import { eventually } from "./eventually.ts";

/** What one client met. */
export interface Visit {
  /** The port of the server it was connected to; `undefined` when it never heard. */
  readonly server: number | undefined;
  /** `ip:port` of the client, where the test knows it. */
  readonly client?: string;
  /** What went wrong; `undefined` when nothing did. */
  readonly error: string | undefined;
  readonly beganMs: number;
}

/** One client from connecting to its end. Says what went wrong instead of throwing. */
export type Visitor = () => Promise<Omit<Visit, "beganMs">>;

export class Load implements AsyncDisposable {
  readonly visits: Visit[] = [];
  #over = false;
  readonly #workers: Promise<unknown>;

  /** Starts `workers` that visit one after the other. */
  constructor(workers: number, visitor: Visitor) {
    this.#workers = Promise.all(Array.from({ length: workers }, () => this.#work(visitor)));
  }

  /** The port of every server that somebody who began since `sinceMs` heard of. */
  serversSince(sinceMs: number): Set<number | undefined> {
    return new Set(this.visits.filter(({ beganMs }) => beganMs >= sinceMs).map(({ server }) => server));
  }

  /** Waits until `count` clients came and went that began from now on; gives them. */
  async more(count: number): Promise<readonly Visit[]> {
    const fromMs = performance.now();
    const since = (): Visit[] => this.visits.filter(({ beganMs }) => beganMs >= fromMs);
    await eventually(() => since().length >= count);
    return since();
  }

  /** Lets those under way finish. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#workers;
  }

  async #work(visitor: Visitor): Promise<void> {
    while (!this.#over) {
      const beganMs = performance.now();
      this.visits.push({ ...(await visitor()), beganMs });
    }
  }
}
