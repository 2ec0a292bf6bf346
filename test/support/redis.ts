// A Redis server of its own that keeps nothing on disk.

import { programPath } from "./installed.ts";
import { type RealServer, startServer } from "./real-server.ts";

/** Starts it. */
export async function startRedis(): Promise<RealServer> {
  return startServer(async (port, directory) => {
    const address = ["--bind", "127.0.0.1", "--port", `${port}`];
    const nothingKept = ["--dir", directory, "--save", "", "--appendonly", "no"];
    return { command: [programPath("redis-server"), ...address, ...nothingKept], stopSignal: "SIGKILL" };
  });
}
