// The load process: clients and backend of every measurement, in a process of their own so that the CPU time of the
// proxy between them is the proxy's alone. Takes orders over IPC and ends when the bench does.

import { startBackend } from "./load/backend.ts";
import { runBulk } from "./load/bulk.ts";
import { runConnects } from "./load/connect.ts";
import { IdleCrowd } from "./load/idle.ts";
import { Ledger } from "./load/ledger.ts";
import type { Answer, Order, Work } from "./load/protocol.ts";
import { runRequests } from "./load/request.ts";

const ledger = new Ledger();
const crowd = new IdleCrowd();

function carryOut(order: Order): Promise<Work> {
  switch (order.do) {
    case "backend":
      return Promise.resolve({ units: startBackend(ledger, order.tls), seconds: 0 });
    case "bulk":
      return runBulk(ledger, {
        port: order.port,
        seconds: order.seconds,
        windowBytes: order.windowBytes === "unlimited" ? Number.POSITIVE_INFINITY : order.windowBytes,
        tls: order.tls,
      });
    case "request":
      return runRequests(order.port, order.seconds);
    case "connect":
      return runConnects(order.port, order.seconds, order.tls);
    case "hold":
      return crowd.open(order.port, order.count);
    case "release":
      return crowd.release();
  }
}

async function answer(order: Order): Promise<Answer> {
  try {
    return { work: await ledger.run(() => carryOut(order)) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (order: Order) => {
  void answer(order).then((result) => process.send?.(result));
});
process.on("disconnect", () => process.exit(0));
