// A Redis server of its own that keeps nothing on disk.

import type { Issued } from "./authority.ts";
import { programPath } from "./installed.ts";
import { type RealServer, startServer } from "./real-server.ts";

/** Starts it. With `tls` it speaks nothing else, and asks nobody for a certificate. */
export async function startRedis(tls?: Issued): Promise<RealServer> {
  return startServer(async (port, directory) => {
    const number = tls === undefined ? ["--port", `${port}`] : ["--port", "0", "--tls-port", `${port}`];
    const identity =
      tls === undefined
        ? []
        : ["--tls-cert-file", tls.certificate, "--tls-key-file", tls.key, "--tls-auth-clients", "no"];
    const trust = tls === undefined ? [] : ["--tls-ca-cert-file", tls.certificate];
    const address = ["--bind", "127.0.0.1", ...number, ...identity, ...trust];
    const nothingKept = ["--dir", directory, "--save", "", "--appendonly", "no"];
    return { command: [programPath("redis-server"), ...address, ...nothingKept], stopSignal: "SIGKILL" };
  });
}
