// `bun run bench --plan`: how long it takes from files to listeners. Thousands of TCPRoutes, each on a listener of its own and with
// a Service and an EndpointSlice in its file, are compiled and bound by the compiled binary; then one of them changes again and
// again. Durations are of this machine; there is no peer that reads the same files.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { residentKiB } from "./process-tree.ts";
import { freePort } from "./subject.ts";

export interface PlanFigures {
  readonly routes: number;
  /** From the program's start to all listeners bound. */
  readonly startMs: number;
  /** Medians: from the wish to reload to its answer. */
  readonly reloadMs: number;
  readonly unchangedMs: number;
  /** From the change of a file to the new backend being in use, the quiet time of the watch included. */
  readonly fileMs: number;
  readonly rssMiB: number;
}

/** As many listeners as a Gateway may have. */
const LISTENERS_PER_GATEWAY = 64;
/** Above what services use, and below what clients get. */
const FIRST_PORT = 20_000;
const CHANGES = 15;
/** Nobody connects to most of the routes. */
const ANY_PORT = 9;
const LIMIT_MS = 120_000;

/** Measures; throws when the binary does not come up. */
export async function measurePlan(binary: string, routes: number): Promise<PlanFigures> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-plan-"));
  const admin = `http://127.0.0.1:${freePort()}`;
  await writeManifests(join(directory, "routes"), routes);
  const state = join(directory, "state.db");
  const began = performance.now();
  const backends = startBackends(Array.from({ length: CHANGES }, (_, index) => hostOf(index)));
  const child = Bun.spawn(
    [resolve(binary), "run", "--routes", join(directory, "routes"), "--admin", new URL(admin).host, "--state", state],
    { stdio: ["ignore", "ignore", "ignore"], env: { ...process.env, SALLYPORT_LOG_LEVEL: "warn" } },
  );
  try {
    await until(async () => child.exitCode === null && (await isReady(admin)));
    const startMs = performance.now() - began;
    const gateway = `${JSON.stringify(gatewayOf("extra", [{ name: "extra", port: freePort() }]))}\n---\n`;
    const token = (await Bun.file(`${state}.token`).text()).trim();
    const changed: number[] = [];
    const unchanged: number[] = [];
    const files: number[] = [];
    // What a watch makes of a change is not to be mixed with what is asked for.
    for (let index = 0; index < CHANGES; index++) {
      const host = hostOf(index);
      const before = performance.now();
      await Bun.write(join(directory, "routes", "r7.yaml"), manifestsOf("r7", "g0", "l7", host, backends.port));
      await until(async () => (await askListener(FIRST_PORT + 7)) === host);
      files.push(performance.now() - before);
      changed.push(
        await timed(() => put(admin, token, gateway + manifestsOf("extra", "extra", "extra", host, backends.port))),
      );
      unchanged.push(await timed(() => reload(admin, token)));
    }
    const rssMiB = residentKiB(child.pid) / 1024;
    return {
      routes,
      startMs,
      reloadMs: median(changed),
      unchangedMs: median(unchanged),
      fileMs: median(files),
      rssMiB,
    };
  } finally {
    backends.stop();
    child.kill("SIGKILL");
    await child.exited;
    await rm(directory, { recursive: true, force: true });
  }
}

/** A loopback address of its own for each change. */
function hostOf(index: number): string {
  return `127.1.0.${index + 1}`;
}

/** The figures as a table. */
export function formatPlan(figures: PlanFigures): string {
  const { routes, startMs, reloadMs, unchangedMs, fileMs, rssMiB } = figures;
  const rows = [
    [`start with ${routes} TCPRoutes on ${routes} listeners, ms`, startMs],
    ["one route put through the admin API and running, ms", reloadMs],
    ["one file changed and running, the watch's 100 ms of quiet included, ms", fileMs],
    ["reload without a change, ms", unchangedMs],
    ["memory, MiB", rssMiB],
  ] as const;
  const lines = rows.map(([what, value]) => `| ${what} | ${value.toFixed(0)} |`);
  return ["| From files to listeners | |", "| --- | ---: |", ...lines].join("\n");
}

async function writeManifests(directory: string, routes: number): Promise<void> {
  for (let first = 0; first < routes; first += LISTENERS_PER_GATEWAY) {
    const listeners = Array.from({ length: Math.min(LISTENERS_PER_GATEWAY, routes - first) }, (_, index) => ({
      name: `l${first + index}`,
      port: FIRST_PORT + first + index,
    }));
    const name = `g${first / LISTENERS_PER_GATEWAY}`;
    await Bun.write(join(directory, `${name}.yaml`), JSON.stringify(gatewayOf(name, listeners), undefined, 1));
    for (const { name: listener } of listeners) {
      const route = `r${listener.slice(1)}`;
      await Bun.write(join(directory, `${route}.yaml`), manifestsOf(route, name, listener, "127.0.0.1", ANY_PORT));
    }
  }
}

function gatewayOf(name: string, listeners: readonly { readonly name: string; readonly port: number }[]): object {
  const spec = {
    gatewayClassName: "sallyport",
    addresses: [{ value: "127.0.0.1" }],
    listeners: listeners.map((listener) => ({ ...listener, protocol: "TCP" })),
  };
  return { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway", metadata: { name }, spec };
}

function manifestsOf(route: string, gateway: string, listener: string, host: string, port: number): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata:
  name: ${route}
spec:
  parentRefs:
    - name: ${gateway}
      sectionName: ${listener}
  rules:
    - backendRefs:
        - name: ${route}-backend
          port: 5432
---
apiVersion: v1
kind: Service
metadata:
  name: ${route}-backend
spec:
  ports:
    - port: 5432
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: ${route}-backend-1
  labels:
    kubernetes.io/service-name: ${route}-backend
addressType: IPv4
ports:
  - port: ${port}
endpoints:
  - addresses: ["${host}"]
`;
}

async function isReady(admin: string): Promise<boolean> {
  try {
    return (await fetch(`${admin}/readyz`)).ok;
  } catch {
    // The admin port is not open yet.
    return false;
  }
}

/** Which of the backends a client of a port gets; empty: none. */
function askListener(port: number): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let said = "";
  Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: (_socket, bytes) => void (said += bytes.toString()),
      close: () => resolve(said),
      connectError: () => resolve(""),
    },
    // Its end is told to `connectError` too.
  }).catch(() => resolve(""));
  return promise;
}

/** Backends that say where they are, all on one port; ends them. */
function startBackends(hosts: readonly string[]): { readonly port: number; stop(): void } {
  const port = freePort();
  const servers = hosts.map((hostname) =>
    Bun.listen({ hostname, port, socket: { open: (socket) => void socket.end(hostname), data: () => undefined } }),
  );
  return { port, stop: () => servers.forEach((server) => server.stop(true)) };
}

async function put(admin: string, token: string, text: string): Promise<void> {
  await asked(`${admin}/api/v1/documents/bench`, "PUT", token, text);
}

async function reload(admin: string, token: string): Promise<void> {
  await asked(`${admin}/api/v1/reload`, "POST", token);
}

async function asked(url: string, method: string, token: string, body?: string): Promise<void> {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/yaml" };
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  if (!response.ok) throw new Error(`${method} ${url} was answered with ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

async function timed(act: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error("The binary did not come so far in time");
    await Bun.sleep(5);
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
