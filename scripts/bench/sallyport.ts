// The compiled binary with one route: everything else as it ships, the access log included. Without its access log, and
// with everything that a route can ask for to stay up, it is measured as a subject of its own.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { versionLine } from "./programs.ts";
import { freePort, type Subject, type TlsSetup } from "./subject.ts";

/** Variants of the binary: the route as bare as can be, the same without what is below a warning, and the whole of it. */
export type Variant = "sallyport" | "sallyport-no-log" | "sallyport-guarded";

const TITLES: Readonly<Record<Variant, string>> = {
  sallyport: "",
  "sallyport-no-log": ", no access log",
  "sallyport-guarded": ", checks, limits, least connections",
};

/** What the guarded route says more; its limits are never reached. The second backend is the first by its name. */
const GUARDS = `balance: least-connections
health: {interval: 1s, timeout: 500ms}
limits: {connections: 100000, rate: {limit: 1000000/s, burst: 1000000}, perSource: {connections: 100000, rate: {limit: 1000000/s, burst: 1000000}}}
`;

/** The binary at `path`, or `undefined` when it was not built. */
export function sallyport(path: string, variant: Variant): Subject | undefined {
  const binary = resolve(path);
  if (!existsSync(binary)) return undefined;
  const version = versionLine([binary, "version"])?.match(/\d+\.\d+\.\d+\S*/)?.[0] ?? "";
  const guarded = variant === "sallyport-guarded";
  return {
    key: variant,
    name: `sallyport ${version}${TITLES[variant]}`,
    prepare: async ({ port, backendPort, directory, tls }) => {
      const routes = join(directory, "routes");
      const admin = `127.0.0.1:${freePort()}`;
      const hosts = guarded ? ["127.0.0.1", "localhost"] : ["127.0.0.1"];
      const backends = JSON.stringify(hosts.map((host) => `${host}:${backendPort}`));
      const route = `listen: "127.0.0.1:${port}"\nbackends: ${backends}\n${tlsSetting(tls)}${guarded ? GUARDS : ""}`;
      await Bun.write(join(routes, "bench.yaml"), route);
      return {
        command: [binary, "run", "--routes", routes, "--admin", admin, "--state", join(directory, "state.db")],
        env: variant === "sallyport-no-log" ? { SALLYPORT_LOG_LEVEL: "warn" } : {},
        ready: () => isReady(admin),
        check: [binary, "check", routes],
      };
    },
  };
}

function tlsSetting(tls: TlsSetup | undefined): string {
  switch (tls?.mode) {
    case undefined:
      return "";
    case "terminate":
      return `tls: {mode: terminate, certificate: ${tls.certificateFile}, key: ${tls.keyFile}}\n`;
    case "passthrough":
      return `tls: {mode: passthrough, hostnames: [${tls.hostname}]}\n`;
  }
}

async function isReady(admin: string): Promise<boolean> {
  try {
    return (await fetch(`http://${admin}/readyz`)).ok;
  } catch {
    // The admin port is not open yet.
    return false;
  }
}
