// The compiled binary with one route: everything else as it ships, the access log included.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { freePort, versionLine, type Subject } from "./subject.ts";

/** The binary at `path`, or `undefined` when it was not built. `log: false` leaves out what is below a warning. */
export function sallyport(path: string, log: boolean): Subject | undefined {
  const binary = resolve(path);
  if (!existsSync(binary)) return undefined;
  const version = versionLine([binary, "version"])?.match(/\d+\.\d+\.\d+\S*/)?.[0] ?? "";
  return {
    key: log ? "sallyport" : "sallyport-no-log",
    name: `sallyport ${version}${log ? "" : ", no access log"}`,
    prepare: async ({ port, backendPort, directory }) => {
      const routes = join(directory, "routes");
      const admin = `127.0.0.1:${freePort()}`;
      await Bun.write(
        join(routes, "bench.yaml"),
        `listen: "127.0.0.1:${port}"\nbackends: ["127.0.0.1:${backendPort}"]\n`,
      );
      return {
        command: [binary, "run", "--routes", routes, "--admin", admin, "--state", join(directory, "state.db")],
        env: log ? {} : { SALLYPORT_LOG_LEVEL: "warn" },
        ready: () => isReady(admin),
      };
    },
  };
}

async function isReady(admin: string): Promise<boolean> {
  try {
    return (await fetch(`http://${admin}/readyz`)).ok;
  } catch {
    // The admin port is not open yet.
    return false;
  }
}
