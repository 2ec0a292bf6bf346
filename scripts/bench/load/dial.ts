// Connecting a role to what is measured.

import type { ClientTls } from "./protocol.ts";
import { HANDLERS, type Role } from "./role.ts";
import { clientOptions, TLS_CLIENT_HANDLERS } from "./tls.ts";

/** Connects to a port of loopback. A connection that cannot be made is reported through `role.failed`. */
export async function connect(port: number, role: Role, tls?: ClientTls): Promise<void> {
  const options = { hostname: "127.0.0.1", port, allowHalfOpen: true, data: role };
  try {
    if (tls === undefined) await Bun.connect<Role>({ ...options, socket: HANDLERS });
    else await Bun.connect<Role>({ ...options, tls: clientOptions(tls), socket: TLS_CLIENT_HANDLERS });
  } catch (error) {
    role.failed(error instanceof Error ? error : new Error(String(error)));
  }
}
