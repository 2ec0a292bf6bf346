// Connect: new connections that each exchange one small message and are closed by the client, a few at a time. Through
// TLS, each begins with a full handshake.

import { connect } from "./dial.ts";
import { Exchange } from "./exchange.ts";
import type { ClientTls, Work } from "./protocol.ts";

/** Connections under way at a time: enough to keep the proxy busy, far below any backlog. */
const CONCURRENCY = 16;

/**
 * Connections in one run at most. Each leaves a TIME_WAIT on both sides of the proxy; more than a fraction of the
 * 28,000 ephemeral ports would make the kernel search for free ones and charge that to the proxy.
 */
const CONNECTION_LIMIT = 8000;

/** Opens and closes connections for `seconds`; the units are connections. */
export async function runConnects(port: number, seconds: number, tls?: ClientTls): Promise<Work> {
  const started = performance.now();
  const deadline = started + seconds * 1000;
  let units = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() < deadline && units < CONNECTION_LIMIT) {
      const exchange = new Exchange(units++, (answered) => answered.finish());
      void connect(port, exchange, tls);
      // The lanes run side by side; within one, a connection has to be over before the next begins.
      await exchange.done;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, lane));
  return { units, seconds: (performance.now() - started) / 1000 };
}
