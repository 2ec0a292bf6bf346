// Request: 50 connections that stay open, each sending a small message when the answer to the last has arrived.

import { Exchange } from "./exchange.ts";
import type { Work } from "./protocol.ts";
import { connect } from "./dial.ts";

/** Connections, as in the design's figures. */
const CONNECTIONS = 50;

/** Exchanges messages for `seconds`; the units are answered requests. */
export async function runRequests(port: number, seconds: number): Promise<Work> {
  const started = performance.now();
  const deadline = started + seconds * 1000;
  let units = 0;
  const answered = (exchange: Exchange): void => {
    units++;
    if (performance.now() < deadline) exchange.next();
    else exchange.finish();
  };
  const all = Array.from({ length: CONNECTIONS }, (_, index) => {
    const exchange = new Exchange(index * 0x1000000, answered);
    void connect(port, exchange);
    return exchange.done;
  });
  await Promise.all(all);
  return { units, seconds: (performance.now() - started) / 1000 };
}
