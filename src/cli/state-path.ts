// Where the state file is when nobody says, and the admin token that lies beside it. The command line finds the token of
// a gateway of the same user, so that `sallyport kill` needs no set-up.

import { readFile } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import { delimiter, join } from "node:path";
import { adminTokenFile } from "../app/admin-token.ts";
import { reachableAddress } from "./admin-address.ts";
import { isErrnoException } from "./errno.ts";
import type { Surroundings } from "./cli.ts";
import type { SocketAddress } from "../runtime/runtime.ts";

/** `$STATE_DIRECTORY` (systemd), `$XDG_STATE_HOME/sallyport`, `/var/lib/sallyport` for root, else under the home. */
export function defaultStatePath(surroundings: Pick<Surroundings, "env" | "home" | "uid">): string {
  const { env, home, uid } = surroundings;
  // systemd lists all directories of the unit here; the first is ours.
  const unit = env["STATE_DIRECTORY"]?.split(delimiter)[0];
  if (unit !== undefined && unit !== "") return join(unit, "state.db");
  const xdg = env["XDG_STATE_HOME"];
  if (xdg !== undefined && xdg !== "") return join(xdg, "sallyport", "state.db");
  if (uid === 0) return "/var/lib/sallyport/state.db";
  return join(home, ".local", "state", "sallyport", "state.db");
}

/** A token, or why there is none. */
export type FoundToken = { readonly token: string } | { readonly missing: string };

/** Looks in SALLYPORT_ADMIN_TOKEN, then beside the state file. */
export async function findToken(
  surroundings: Pick<Surroundings, "env">,
  statePath: string,
  admin: SocketAddress,
): Promise<FoundToken> {
  const given = surroundings.env["SALLYPORT_ADMIN_TOKEN"];
  if (given !== undefined && given !== "") return { token: given };
  const path = adminTokenFile(statePath);
  // A token from a file is for the gateway that made it: another machine must not be told.
  if (!isThisMachine(admin))
    return { missing: "SALLYPORT_ADMIN_TOKEN is not set, and the gateway is on another machine" };
  try {
    const token = (await readFile(path, "utf8")).trim();
    return token === "" ? { missing: `${path} is empty` } : { token };
  } catch (error) {
    if (!isErrnoException(error)) throw error;
    if (error.code === "EACCES") return { missing: `${path} may not be read by this user` };
    return { missing: `SALLYPORT_ADMIN_TOKEN is not set and there is no ${path}` };
  }
}

function isThisMachine(admin: SocketAddress): boolean {
  const address = reachableAddress(admin);
  if ("unix" in address || address.host === "::1" || address.host.startsWith("127.")) return true;
  const own = Object.values(networkInterfaces()).flat();
  return own.some((entry) => entry?.address === address.host);
}
