// Idle: many connections that have each exchanged one message and then say nothing, held until they are released.

import { Exchange } from "./exchange.ts";
import type { Work } from "./protocol.ts";
import { connect } from "./dial.ts";

/** Connections being opened at a time. */
const CONCURRENCY = 64;

/** A crowd of open, silent connections. */
export class IdleCrowd {
  readonly #exchanges: Exchange[] = [];

  /** Opens `count` connections; resolves when each has had its answer. The units are connections. */
  async open(port: number, count: number): Promise<Work> {
    const started = performance.now();
    let opened = 0;
    const lane = async (): Promise<void> => {
      while (opened < count) {
        const answer = Promise.withResolvers<void>();
        const exchange = new Exchange(opened++, () => answer.resolve());
        this.#exchanges.push(exchange);
        void connect(port, exchange);
        await Promise.race([answer.promise, exchange.done]);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, lane));
    return { units: count, seconds: (performance.now() - started) / 1000 };
  }

  /** Closes all; rejects when any of them had been lost meanwhile. */
  async release(): Promise<Work> {
    const started = performance.now();
    const exchanges = this.#exchanges.splice(0);
    for (const exchange of exchanges) exchange.finish();
    await Promise.all(exchanges.map((exchange) => exchange.done));
    return { units: exchanges.length, seconds: (performance.now() - started) / 1000 };
  }
}
