// Where the status directory may be: not among the routes, where what is written would be read as routes.

import { mkdir, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { GatewayError } from "../base/gateway-error.ts";

/**
 * Makes the directory. Throws GatewayError `status-dir/among-routes` when it is one of these paths, inside or around one of
 * them, whatever links lead there, and `status-dir/cannot-make`.
 */
export async function prepareStatusDirectory(directory: string, routes: readonly string[]): Promise<void> {
  const real = await realPath(resolve(directory));
  for (const path of routes) {
    const other = await realPath(resolve(path));
    if (!isWithin(real, other) && !isWithin(other, real)) continue;
    const why =
      real === other ? `it is "${path}"` : isWithin(real, other) ? `it is inside "${path}"` : `"${path}" is inside it`;
    throw new GatewayError(
      "status-dir/among-routes",
      `Cannot write the status of resources to "${directory}": ${why}, where routes are read from; give it a directory of its own`,
    );
  }
  try {
    await mkdir(directory, { recursive: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayError(
      "status-dir/cannot-make",
      `Cannot make the directory "${directory}" for the status of resources: ${why}`,
      cause,
    );
  }
}

/** Of what is not there yet, as far as there is something. */
async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // Whatever the reason: `mkdir` will say it better.
    const parent = dirname(path);
    return parent === path ? path : join(await realPath(parent), basename(path));
  }
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path);
  return way === "" || (way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}
