// The compiled executable on manifests, for `manifest-gateway.ts`; how it went is read from its log.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { eventually } from "./eventually.ts";
import type { GatewayPlace, ManifestOptions, RunningGateway } from "./manifest-gateway.ts";

const Line = v.object({ event: v.picklist(["ready", "not-ready"]), admin: v.string() });
let starts = 0;

/** Starts it; resolves when it says where its admin port is, ready or not. */
export async function startManifestBinary(
  binary: string,
  place: GatewayPlace,
  options: ManifestOptions,
): Promise<RunningGateway> {
  const log = join(place.directory, `log-${(starts += 1)}`);
  const { routes, state, directory, token } = place;
  const command = [resolve(binary), "run", "--routes", routes, "--admin", "127.0.0.1:0", "--state", state];
  const child = Bun.spawn([...command, "--log", "json", ...flagsOf(options)], {
    stdio: ["ignore", "ignore", Bun.file(log)],
    cwd: directory,
    env: { PATH: process.env["PATH"] ?? "", HOME: directory, SALLYPORT_ADMIN_TOKEN: token },
  });
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
  };
  let admin: string | undefined;
  try {
    await eventually(async () => {
      admin = await adminIn(log);
      if (admin === undefined && child.exitCode !== null) {
        throw new Error(`${binary} exited with ${child.exitCode}:\n${await readFile(log, "utf8")}`);
      }
      return admin !== undefined;
    });
  } catch (error) {
    await kill();
    throw error;
  }
  return { admin: admin ?? "", kill };
}

function flagsOf({ tcpHosts, tcpPorts, clusterDomain, dns = [] }: ManifestOptions): readonly string[] {
  const hosts = Array.from(tcpHosts ?? [], ([name, ip]) => ["--tcp-host", ip === undefined ? name : `${name}=${ip}`]);
  const ranges = (tcpPorts ?? []).map(({ firstPort, lastPort }) => `${firstPort}-${lastPort}`).join();
  const ports = ranges === "" ? [] : ["--tcp-ports", ranges];
  const domain = clusterDomain === undefined ? [] : ["--cluster-domain", clusterDomain];
  return [...hosts.flat(), ...ports, ...domain, ...dns.flatMap((server) => ["--dns", server])];
}

/** The last line may be half written. */
async function adminIn(log: string): Promise<string | undefined> {
  const lines = (await readFile(log, "utf8")).split("\n").slice(0, -1);
  for (const line of lines) {
    const result = v.safeParse(Line, JSON.parse(line));
    if (result.success) return result.output.admin.replace("http://", "");
  }
  return undefined;
}
