// The compiled executable as a child process, with route files in a directory of its own; told about through its admin
// port alone, as its users are.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";

/** What a test needs of a gateway, wherever that runs. */
export interface RouteGateway extends AsyncDisposable {
  /** The port on which the route's first listener is bound. */
  port(route: string): Promise<number>;
}

/** Starts the executable on `files`, name → text; resolves when it is ready. */
export async function startBinary(binary: string, files: Readonly<Record<string, string>>): Promise<RouteGateway> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-binary-"));
  const routes = join(directory, "routes");
  for (const [file, text] of Object.entries(files)) await Bun.write(join(routes, file), text);
  const admin = `127.0.0.1:${freePort()}`;
  const child = Bun.spawn(
    [resolve(binary), "run", "--routes", routes, "--admin", admin, "--state", join(directory, "state.db")],
    { stdio: ["ignore", "ignore", "ignore"], cwd: directory },
  );
  const release = async (): Promise<void> => {
    child.kill("SIGKILL");
    await child.exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${binary} exited with ${child.exitCode}`);
      return isReady(admin);
    });
  } catch (error) {
    await release();
    throw error;
  }
  return { port: (route) => routePort(admin, route), [Symbol.asyncDispose]: release };
}

async function isReady(admin: string): Promise<boolean> {
  try {
    return (await fetch(`http://${admin}/readyz`)).ok;
  } catch {
    // The admin port is not open yet.
    return false;
  }
}

const LISTENERS = v.object({ items: v.array(v.object({ port: v.number(), routes: v.array(v.string()) })) });

async function routePort(admin: string, route: string): Promise<number> {
  const response = await fetch(`http://${admin}/api/v1/listeners`);
  const { items } = v.parse(LISTENERS, await response.json());
  const listener = items.find(({ routes }) => routes.includes(route));
  if (listener === undefined) throw new Error(`No listener serves "${route}"`);
  return listener.port;
}
