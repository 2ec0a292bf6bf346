// The compiled binary with one route: everything else as it ships, the access log included. Without its access log, and
// with everything that a route can ask for to stay up, and with a traffic policy, it is measured as a subject of its own.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { versionLine } from "./programs.ts";
import { freePort, type Subject, type TlsSetup } from "./subject.ts";

/** Variants of the binary: the route as bare as can be, the same without what is below a warning, the whole of it, and a policy. */
export type Variant = "sallyport" | "sallyport-no-log" | "sallyport-guarded" | "sallyport-policy";

const TITLES: Readonly<Record<Variant, string>> = {
  sallyport: "",
  "sallyport-no-log": ", no access log",
  "sallyport-guarded": ", checks, limits, least connections",
  "sallyport-policy": ", policy of five rules",
};

/** What the guarded route says more; its limits are never reached. The second backend is the first by its name. */
const GUARDS = `balance: least-connections
health: {interval: 1s, timeout: 500ms}
limits: {connections: 100000, rate: {limit: 1000000/s, burst: 1000000}, perSource: {connections: 100000, rate: {limit: 1000000/s, burst: 1000000}}}
`;

/** Of the list that one of the policy's rules has. */
const POLICY_PREFIXES = 1000;

/** Five rules as people write them, all of which every client goes through. Its limit is never reached. */
function policySetting(): string {
  const others = Array.from({ length: POLICY_PREFIXES - 1 }, (_, index) => `10.${index >> 8}.${index & 255}.0/24`);
  const rules = [
    { expressions: ["inCidrRange(conn.client_ip, '203.0.113.0/24')"], actions: [{ type: "deny" }] },
    { actions: [{ type: "restrict-ips", config: { allow: [...others, "127.0.0.0/8"] } }] },
    {
      actions: [
        { type: "set-vars", config: { vars: [{ who: "${conn.client_ip}" }] } },
        { type: "log", config: { metadata: { team: "bench", who: "${vars.who}" } } },
      ],
    },
    { expressions: ["vars.who.startsWith('203.')"], actions: [{ type: "deny" }] },
    {
      actions: [
        {
          type: "rate-limit",
          config: { name: "each", capacity: 2_000_000_000, rate: "60s", bucket_key: ["conn.client_ip"] },
        },
      ],
    },
  ];
  return `policy: ${JSON.stringify({ on_tcp_connect: rules })}\n`;
}

const MORE: Readonly<Record<Variant, () => string>> = {
  sallyport: () => "",
  "sallyport-no-log": () => "",
  "sallyport-guarded": () => GUARDS,
  "sallyport-policy": policySetting,
};

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
      const route = `listen: "127.0.0.1:${port}"\nbackends: ${backends}\n${tlsSetting(tls)}${MORE[variant]()}`;
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
