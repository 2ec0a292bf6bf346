// A NATS server of its own.

import { programPath } from "./installed.ts";
import { type RealServer, startServer } from "./real-server.ts";

/** Starts it. */
export async function startNats(): Promise<RealServer> {
  return startServer(async (port) => ({
    command: [programPath("nats-server"), "--addr", "127.0.0.1", "--port", `${port}`],
    stopSignal: "SIGKILL",
  }));
}
