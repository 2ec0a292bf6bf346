// How the load process speaks TLS: always in full handshakes, and the same for every subject. What was agreed is looked
// at on each connection, because a proxy that was let choose another cipher or resume would be measured at other work.

import type { ClientTls, ServerTls } from "./protocol.ts";
import { HANDLERS, type LoadSocket, type Role } from "./role.ts";

/** What every connection has to agree on. All clients prefer it on processors that know AES. */
const AGREED = { version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256" } as const;

/** The handler table of clients: a role's connection opens when its handshake is over. */
export const TLS_CLIENT_HANDLERS: Bun.SocketHandler<Role> = {
  ...HANDLERS,
  open() {},
  handshake(socket, ok, error) {
    const wrong =
      ok && error === null ? disagreement(socket) : `The handshake failed: ${error?.message ?? "no reason"}`;
    if (wrong === undefined) {
      socket.data.opened(socket);
    } else {
      socket.data.failed(new Error(wrong));
      socket.terminate();
    }
  },
};

/** A client's options. No session is ever offered, so that none can be resumed. */
export function clientOptions({ serverName, authority, group }: ClientTls): Bun.TLSOptions {
  return { serverName, ca: authority, rejectUnauthorized: true, ...(group === undefined ? {} : { ecdhCurve: group }) };
}

/** The backend's options. */
export function serverOptions({ certificate, key }: ServerTls): Bun.TLSOptions {
  return { cert: certificate, key };
}

function disagreement(socket: LoadSocket): string | undefined {
  const version = socket.getTLSVersion();
  const cipher = socket.getCipher().name;
  if (version !== AGREED.version || cipher !== AGREED.cipher) {
    return `${version} with ${cipher} was agreed on instead of ${AGREED.version} with ${AGREED.cipher}`;
  }
  return socket.isSessionReused() ? "A session was resumed" : undefined;
}
